"""From the located and tagged keypoints of an image to its people, in pixels of the image.

K keypoint types, M located keypoints per type, N people.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from detectron2.structures import Instances
from torch import Tensor

from ..decoders import LocatedKeypoints, group_by_tags
from .base import transform_lengths, transform_points
from .results import pose_instances


@dataclass
class ImageKeypoints:
    """What was located in one image; pixels of the original image.

    Attributes:
        xy, anchor_xy: (K, M, 2) float64.
        confidence: (K, M) float64, what thresholds are compared with and grouping goes by.
        score: (K, M) float64, what is reported: the quality where the head has one.
        valid: (K, M) bool.
        spread: (K, M) float64, of each keypoint's consensus; None without.
    """

    xy: Tensor
    anchor_xy: Tensor
    confidence: Tensor
    score: Tensor
    valid: Tensor
    spread: Tensor | None = None

    @classmethod
    def of(
        cls, located: LocatedKeypoints, index: int, crop_to_image: np.ndarray
    ) -> "ImageKeypoints":
        """Bring what was located in image ``index`` of a batch to pixels of the original image.

        Args:
            located: on the CPU.
            crop_to_image: (2, 3), from input pixels.
        """
        matrix = torch.as_tensor(crop_to_image, dtype=torch.float64)
        spread = located.spread
        return cls(
            transform_points(located.xy[index].double(), matrix),
            transform_points(located.anchor_xy[index].double(), matrix),
            located.score[index].double(),
            located.reported_score[index].double(),
            located.valid[index],
            None if spread is None else transform_lengths(spread[index].double(), matrix),
        )

    def rows(self, gamma: float) -> Tensor:
        """Return (V, 4) float32, a row per keypoint of confidence >= gamma: x, y, score, type."""
        kind, slot = (self.valid & (self.confidence >= gamma)).nonzero(as_tuple=True)
        columns = (self.xy[kind, slot], self.score[kind, slot, None], kind[:, None])
        return torch.cat([column.float() for column in columns], dim=1)

    def joined(self, others: "ImageKeypoints") -> "ImageKeypoints":
        """Return these keypoints, followed by the others of each type; both without a spread."""
        pairs = zip(vars(self).values(), vars(others).values(), strict=True)
        return ImageKeypoints(*(torch.cat(pair, dim=1) for pair in pairs if pair[0] is not None))


def group_people(
    keypoints: ImageKeypoints,
    tags: Tensor,
    gamma: float,
    max_people: int,
    joint_order: Sequence[int] | None,
) -> Tensor:
    """Group keypoints of confidence >= gamma by their tags; see ``decoders.group_by_tags``.

    Args:
        tags: (K, M).

    Returns:
        (N, K) int64 index into M, -1 where a person lacks the type.
    """
    people = group_by_tags(
        keypoints.xy.numpy(),
        keypoints.confidence.numpy(),
        tags[..., None].double().numpy(),
        keypoints.valid.numpy(),
        joint_order=joint_order,
        detection_threshold=gamma,
        max_people=max_people,
    )
    return torch.from_numpy(people)


def person_scores(keypoints: ImageKeypoints, people: Tensor) -> Tensor:
    """Return (N,), the mean keypoint score over all K types, 0 for missing ones (HigherHRNet's)."""
    score = keypoints.score[torch.arange(people.shape[1]), people.clamp(min=0)]
    return (score * (people >= 0)).mean(dim=1)


def people_instances(
    keypoints: ImageKeypoints, people: Tensor, scores: Tensor, image_size: tuple[int, int]
) -> Instances:
    """Gather the keypoints of people.

    Args:
        people: (N, K) int64 index into M, -1 where a person lacks the type.
        scores: (N,).
        image_size: (height, width) of the original image.

    Returns:
        N people, see ``pose_instances``. A keypoint that was not located has score 0 and lies, like
        its anchor, at the mean of the person's located ones; its spread, where there are any, is 0.
    """
    found = people >= 0
    kinds, slot = torch.arange(people.shape[1]), people.clamp(min=0)
    points = keypoints.xy[kinds, slot]
    mean = (points * found[..., None]).sum(dim=1) / found.sum(dim=1, keepdim=True)
    points = torch.where(found[..., None], points, mean[:, None])
    anchors = torch.where(found[..., None], keypoints.anchor_xy[kinds, slot], mean[:, None])
    score = keypoints.score[kinds, slot] * found
    rows = torch.cat((points, score[..., None]), dim=2)
    spread = keypoints.spread
    if spread is not None:
        spread = (spread[kinds, slot] * found).numpy()
    return pose_instances(rows.numpy(), anchors.numpy(), scores.numpy(), image_size, spread)
