"""One keypoint per type from its map: the inference of single keypoint localization.

B images, K keypoint types, H W map size, M results per type (1 here).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from ..anchors.geometry import index_to_xy, refined_xy
from ..anchors.structures import AnchorMaps


@dataclass
class LocatedKeypoints:
    """What a head found. Coordinates are (x, y) in input pixels, continuous.

    Attributes:
        xy: (B, K, M, 2).
        score: (B, K, M) in [0, 1]; 1 where the rule has no confidence, 0 where nothing is.
        anchor_xy: (B, K, M, 2), the anchor each keypoint was found from.
        valid: (B, K, M) bool, False in padded slots.
    """

    xy: Tensor
    score: Tensor
    anchor_xy: Tensor
    valid: Tensor

    @classmethod
    def single(cls, xy: Tensor, score: Tensor, anchor_xy: Tensor) -> "LocatedKeypoints":
        """One result per type from xy (B, K, 2), score (B, K), anchor_xy (B, K, 2)."""
        valid = torch.ones_like(score, dtype=torch.bool)[..., None]
        return cls(xy[:, :, None], score[..., None], anchor_xy[:, :, None], valid)


def locate_anchor_peak(maps: AnchorMaps, stride: int, place: float | Tensor) -> LocatedKeypoints:
    """The most confident candidate of each map and its refined estimate (eq. 10, 12).

    Equal confidences go to the lower row-major index.
    """
    batch, num_types, _, width = maps.confidence_logits.shape
    logit, index = maps.confidence_logits.flatten(0, 1).flatten(1).max(dim=1)
    anchor = index_to_xy(index, width, place, dtype=maps.offsets.dtype)
    rows = torch.arange(len(index), device=index.device)
    offset = maps.offsets.flatten(0, 1).flatten(2)[rows, :, index]
    local_maps = None if maps.local_offsets is None else maps.local_offsets.flatten(0, 1)
    xy = refined_xy(anchor[:, None], offset[:, None], local_maps, place)[:, 0]
    shape = (batch, num_types)
    return LocatedKeypoints.single(
        xy.unflatten(0, shape) * stride,
        logit.sigmoid().unflatten(0, shape),
        anchor.unflatten(0, shape) * stride,
    )


def locate_heatmap_peak(heatmaps: Tensor, stride: int, place: float | Tensor) -> LocatedKeypoints:
    """The peak of each heatmap, moved a quarter cell towards its higher neighbour (SimplePose).

    Peaks in the outermost rows and columns are not moved. The score is the height of the peak,
    clamped to [0, 1].

    Args:
        heatmaps: (B, K, H, W).
    """
    height, width = heatmaps.shape[-2:]
    flat = heatmaps.flatten(2)
    peak, index = flat.max(dim=2)
    row = torch.div(index, width, rounding_mode="floor")
    column = index - row * width
    anchor = index_to_xy(index, width, place, dtype=heatmaps.dtype)
    inside = (column > 0) & (column < width - 1) & (row > 0) & (row < height - 1)
    safe = torch.where(inside, index, torch.zeros_like(index))

    def rise(step: int) -> Tensor:
        after = flat.gather(2, (safe + step).clamp(0, height * width - 1)[..., None])
        before = flat.gather(2, (safe - step).clamp(0, height * width - 1)[..., None])
        return torch.sign(after - before)[..., 0]

    quarter = 0.25 * torch.stack((rise(1), rise(width)), dim=-1) * inside[..., None]
    return LocatedKeypoints.single(
        (anchor + quarter) * stride, peak.clamp(0.0, 1.0), anchor * stride
    )
