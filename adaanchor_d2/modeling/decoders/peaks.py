"""From chosen candidates to located keypoints, and the inference of one keypoint per type.

B images, K keypoint types, H W map size, M results per type (1 for one target).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ..anchors.geometry import index_to_xy, refined_xy
from ..anchors.selection import select_top
from ..anchors.structures import AnchorMaps
from .consensus import MERGE_RADIUS, consensus


@dataclass
class LocatedKeypoints:
    """What a head found. Coordinates are (x, y) in input pixels, continuous.

    Attributes:
        xy: (B, K, M, 2); finite and without meaning in padded slots.
        score: (B, K, M) in [0, 1]; 1 where the rule has no confidence, 0 where nothing is.
        anchor_xy: (B, K, M, 2), the anchor each keypoint was found from.
        valid: (B, K, M) bool, False in padded slots.
        quality: (B, K, M) in [0, 1], predicted for each keypoint; None where the head has none.
        spread: (B, K, M), input pixels: how far apart the candidates of a consensus are; None
            without a consensus.
    """

    xy: Tensor
    score: Tensor
    anchor_xy: Tensor
    valid: Tensor
    quality: Tensor | None = None
    spread: Tensor | None = None

    @property
    def reported_score(self) -> Tensor:
        """(B, K, M): the quality where there is one, else the score that chose."""
        return self.score if self.quality is None else self.quality

    def cpu(self) -> "LocatedKeypoints":
        """Return the same on the CPU."""
        return self.map(torch.Tensor.cpu)

    def map(self, function: Callable[[Tensor], Tensor]) -> "LocatedKeypoints":
        """Return what a function makes of each tensor that there is."""
        tensors = vars(self).values()
        return LocatedKeypoints(*(None if t is None else function(t) for t in tensors))

    @classmethod
    def single(cls, xy: Tensor, score: Tensor, anchor_xy: Tensor) -> "LocatedKeypoints":
        """One result per type from xy (B, K, 2), score (B, K), anchor_xy (B, K, 2)."""
        valid = torch.ones_like(score, dtype=torch.bool)[..., None]
        return cls(xy[:, :, None], score[..., None], anchor_xy[:, :, None], valid)


def locate_anchors(
    maps: AnchorMaps, index: Tensor, stride: int, place: float | Tensor
) -> LocatedKeypoints:
    """The refined estimates (eq. 12) of given candidates.

    Args:
        index: (B, K, M) int64, ``row * W + column``; -1 in padded slots.
    """
    width = maps.confidence_logits.shape[-1]
    safe = index.clamp(min=0)
    flat = safe.flatten(0, 1)
    anchor = index_to_xy(flat, width, place, dtype=maps.offsets.dtype)
    offsets = maps.offsets.flatten(0, 1).flatten(2)
    offsets = offsets.gather(2, flat[:, None].expand(-1, 2, -1)).transpose(1, 2)
    local_maps = None if maps.local_offsets is None else maps.local_offsets.flatten(0, 1)
    xy = refined_xy(anchor, offsets, local_maps, place)

    def probability(logits: Tensor) -> Tensor:
        return logits.flatten(2).gather(2, safe).sigmoid().masked_fill(index < 0, 0.0)

    return LocatedKeypoints(
        xy.view(*index.shape, 2) * stride,
        probability(maps.confidence_logits),
        anchor.view(*index.shape, 2) * stride,
        index >= 0,
        None if maps.quality_logits is None else probability(maps.quality_logits),
    )


def locate_heatmap_cells(
    heatmaps: Tensor, index: Tensor, stride: int, place: float | Tensor
) -> LocatedKeypoints:
    """Given cells of heatmaps, each moved a quarter cell towards its higher neighbour (SimplePose).

    Cells of the outermost rows and columns are not moved. The score is the height at the cell,
    clamped to [0, 1].

    Args:
        heatmaps: (B, K, H, W).
        index: (B, K, M) int64, ``row * W + column``; -1 in padded slots.
    """
    height, width = heatmaps.shape[-2:]
    safe = index.clamp(min=0)
    cell = index_to_xy(safe, width, 0, dtype=heatmaps.dtype)
    last = cell.new_tensor([width - 1, height - 1])
    inside = ((cell > 0) & (cell < last)).all(dim=-1, keepdim=True)
    steps = index.new_tensor([0, 1, width, -1, -width])
    around = (safe[..., None] + steps).clamp(0, height * width - 1)
    around = heatmaps.flatten(2).gather(2, around.flatten(2)).view(around.shape)
    quarter = 0.25 * torch.sign(around[..., 1:3] - around[..., 3:]) * inside
    score = around[..., 0].clamp(0.0, 1.0).masked_fill(index < 0, 0.0)
    anchor = cell + place
    return LocatedKeypoints((anchor + quarter) * stride, score, anchor * stride, index >= 0)


def locate_anchor_peak(
    maps: AnchorMaps, stride: int, place: float | Tensor, num_members: int = 1
) -> LocatedKeypoints:
    """The most confident candidate of each map and its refined estimate (eq. 10, 12).

    Equal confidences go to the lower row-major index.

    Args:
        num_members: the estimate is the consensus of so many of the most confident candidates, with
            a spread (see ``consensus``); anchor, score and quality are the best one's. 1 is the
            paper, without a spread.
    """
    if num_members == 1:
        index = maps.confidence_logits.flatten(2).max(dim=2, keepdim=True).indices
        return locate_anchors(maps, index, stride, place)
    logits = maps.confidence_logits.flatten(2)
    index = select_top(logits.flatten(0, 1), num_members).view(*logits.shape[:2], -1)
    members = locate_anchors(maps, index, stride, place)
    xy, spread = consensus(members.xy, members.score, MERGE_RADIUS * stride)
    best = members.map(lambda tensor: tensor[:, :, :1])
    return replace(best, xy=xy[:, :, None], spread=spread[..., None])


def locate_heatmap_peak(heatmaps: Tensor, stride: int, place: float | Tensor) -> LocatedKeypoints:
    """The peak of each heatmap (B, K, H, W) with quarter offset, see ``locate_heatmap_cells``."""
    index = heatmaps.flatten(2).max(dim=2, keepdim=True).indices
    return locate_heatmap_cells(heatmaps, index, stride, place)
