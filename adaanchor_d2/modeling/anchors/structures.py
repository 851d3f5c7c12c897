"""What heads, assigners and losses hand to each other.

Shape letters: B images, K keypoint types, H W map size, T labelled targets of the batch (flattened
over images, types and people), A anchors per target. Coordinates are (x, y) in stride units
(input pixels / stride), continuous.
"""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass
class AnchorMaps:
    """What an anchor head predicts at every candidate.

    Attributes:
        confidence_logits: (B, K, H, W), c of eq. 6 before the sigmoid.
        offsets: (B, K, 2, H, W), eq. 7: from the candidate to the keypoint.
        local_offsets: (B, K, 2, H, W), eq. 12: from a place near the keypoint to the keypoint;
            None when the head refines nothing.
        place: where a candidate sits in its cell, see ``geometry``: a number or a tensor ().
        quality_logits: (B, K, H, W), before the sigmoid: how accurate the candidate's refined
            estimate is. None when the head predicts no quality.
    """

    confidence_logits: Tensor
    offsets: Tensor
    local_offsets: Tensor | None = None
    place: float | Tensor = 0.5
    quality_logits: Tensor | None = None


@dataclass
class KeypointTargets:
    """The labelled keypoints of a batch; only these cost work.

    Attributes:
        xy: (T, 2), may lie outside the map.
        image_index, type_index: (T,) int64.
        person_index: (T,) int64 number of the person within the image, or None for one person.
    """

    xy: Tensor
    image_index: Tensor
    type_index: Tensor
    person_index: Tensor | None = None

    def __len__(self) -> int:
        return len(self.xy)

    def __getitem__(self, index: slice | Tensor) -> "KeypointTargets":
        person = None if self.person_index is None else self.person_index[index]
        return KeypointTargets(
            self.xy[index], self.image_index[index], self.type_index[index], person
        )

    def to(self, device: torch.device, dtype: torch.dtype) -> "KeypointTargets":
        """Return the targets on a device, their places as ``dtype``."""
        person = self.person_index
        return KeypointTargets(
            self.xy.to(device, dtype, non_blocking=True),
            self.image_index.to(device, non_blocking=True),
            self.type_index.to(device, non_blocking=True),
            None if person is None else person.to(device, non_blocking=True),
        )

    def map_index(self, num_types: int) -> Tensor:
        """(T,) row of each target's map when maps are flattened to (B * K, ...)."""
        return self.image_index * num_types + self.type_index


@dataclass
class Assignment:
    """The anchors of every target.

    Attributes:
        anchor_index: (T, A) int64, ``row * W + column``; -1 where another target of the same map
            took the candidate. Best score first.
        score: (T, A), what the candidate was chosen by; 0 where the index is -1.
        shared: (T, A) bool, True where two or more targets of the map chose the candidate; None
            from rules that settle no conflicts.
    """

    anchor_index: Tensor
    score: Tensor
    shared: Tensor | None = None

    def positives(self) -> tuple[Tensor, Tensor]:
        """Return (target_index, anchor_index), each (P,): the slots that hold an anchor."""
        target, slot = torch.nonzero(self.anchor_index >= 0, as_tuple=True)
        return target, self.anchor_index[target, slot]
