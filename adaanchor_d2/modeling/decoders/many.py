"""Several keypoints per type from its map: one result per target.

Candidates below the threshold are dropped first, so that the rest of the work depends on how many
people there are and not on the size of the map.

Duplicates of AdaAnchor. Up to A positives answer for one person, so one of them must be kept. Two
ways were compared on maps made by a rule: two targets 1 to 6 strides apart, 20 positives each around
a place that is off its target by some noise, noise in confidence and offsets, offsets blending
between the two; 300 pairs for each distance. Targets missed / results too many, percent of targets,
averaged over 2 to 6 strides, and at 3 strides alone:

    noise of neighbouring cells       correlated          independent       positives 2 strides away
    3x3 peaks of confidence          8 / 13,  11 / 10    1 / 100,  1 / 89     6 / 32,   9 / 27
    5x5 peaks of confidence         17 / 2,   24 / 2    12 / 6,   20 / 5     13 / 7,   18 / 7
    refined estimates, radius 1.5    1 / 8,    0 / 3     0 / 1,    0 / 1      0 / 48,   0 / 40
    refined estimates, radius 2      4 / 4,    0 / 0     1 / 0,    0 / 0      2 / 18,   0 / 8
    refined estimates, radius 2.5   10 / 1,    1 / 0     9 / 0,    0 / 0      6 / 6,    2 / 3

The anchors of two people who stand close form one blob, and one person's blob has several peaks:
its positives are all told to be confident. Their estimates do separate. So duplicates are merged
by refined estimates with radius 2 (errors of those found: 0.16, 0.15 and 0.33 strides, all ways
within 0.03 of each other). It does cost people less than 2 strides apart.

B images, K keypoint types, N candidates of a type, M results of a type.
"""

import torch
from torch import Tensor

from ..anchors.structures import AnchorMaps
from .peaks import LocatedKeypoints, locate_anchors, locate_heatmap_cells

MERGE_RADIUS = 2.0


def locate_many_anchor(
    maps: AnchorMaps,
    stride: int,
    place: float | Tensor,
    gamma: float,
    max_candidates: int,
    radius: float = MERGE_RADIUS,
) -> LocatedKeypoints:
    """The most confident candidates of each map whose refined estimates are apart.

    The results at a higher gamma are those at a lower one whose score reaches it: evaluate several
    from one call.

    Args:
        gamma: least confidence of a candidate.
        max_candidates: M; slots beyond what was found are padded. Best first; equal confidences
            go to the lower row-major index.
        radius: a candidate is a duplicate when its estimate is this near (stride units) to that of
            a more confident result.
    """
    index = candidates_above(maps.confidence_logits.sigmoid(), gamma, max_candidates)
    located = locate_anchors(maps, index, stride, place)
    logits = maps.confidence_logits.flatten(2).gather(2, index.clamp(min=0))
    logits = logits.masked_fill(index < 0, -torch.inf)
    kept = suppress_near(logits, located.xy, radius * stride, max_candidates)
    return _select(located, kept)


def locate_many_heatmap(
    heatmaps: Tensor, stride: int, place: float | Tensor, gamma: float, max_candidates: int
) -> LocatedKeypoints:
    """The highest local maxima (3x3) of each heatmap, with quarter offset.

    Of equal neighbours the lower row-major index is the maximum.

    Args:
        heatmaps: (B, K, H, W).
        gamma, max_candidates: as in ``locate_many_anchor``.
    """
    index = candidates_above(heatmaps, gamma, max_candidates)
    value = heatmaps.flatten(2).gather(2, index.clamp(min=0))
    is_peak = (index >= 0) & _is_local_maximum(heatmaps, index.clamp(min=0), value)
    value = value.masked_fill(~is_peak, -torch.inf)
    value, order = value.sort(dim=2, descending=True, stable=True)
    best = index.gather(2, order).masked_fill(value == -torch.inf, -1)[..., :max_candidates]
    return locate_heatmap_cells(heatmaps, best, stride, place)


def candidates_above(score: Tensor, threshold: float, min_slots: int) -> Tensor:
    """Return (B, K, N) indices ``row * W + column`` of candidates with score >= threshold.

    Row-major order, padded with -1; N is the largest count of a map, at least ``min_slots``.

    Args:
        score: (B, K, H, W).
    """
    above = score.flatten(2).flatten(0, 1) >= threshold
    count = above.sum(dim=1)
    row, index = above.nonzero(as_tuple=True)
    first = count.cumsum(0) - count
    slot = torch.arange(len(row), device=row.device) - first[row]
    longest = int(count.max()) if len(row) else 0
    padded = index.new_full((len(above), max(longest, min_slots)), -1)
    padded[row, slot] = index
    return padded.view(*score.shape[:2], -1)


def suppress_near(order_score: Tensor, xy: Tensor, radius: float, max_results: int) -> Tensor:
    """Greedy suppression: keep the best, drop all within ``radius`` of it, and so on.

    Args:
        order_score: (B, K, N), -inf where there is no candidate.
        xy: (B, K, N, 2), in the unit of ``radius``.

    Returns:
        (B, K, max_results) slots of the kept candidates, best first; -1 where none was left.
    """
    alive = order_score.flatten(0, 1)
    x, y = (part.contiguous() for part in xy.flatten(0, 1).unbind(-1))
    kept = []
    for _ in range(max_results):
        best, slot = alive.max(dim=1, keepdim=True)
        kept.append(slot.masked_fill(best == -torch.inf, -1))
        distance = (x - x.gather(1, slot)).square_() + (y - y.gather(1, slot)).square_()
        alive = alive.masked_fill(distance <= radius**2, -torch.inf)
    return torch.cat(kept, dim=1).view(*order_score.shape[:2], -1)


def _select(located: LocatedKeypoints, slot: Tensor) -> LocatedKeypoints:
    """The results in the given slots (B, K, M), -1 for none."""
    safe = slot.clamp(min=0)
    pair = safe[..., None].expand(-1, -1, -1, 2)
    return LocatedKeypoints(
        located.xy.gather(2, pair),
        located.score.gather(2, safe).masked_fill(slot < 0, 0.0),
        located.anchor_xy.gather(2, pair),
        slot >= 0,
    )


def _is_local_maximum(heatmaps: Tensor, index: Tensor, value: Tensor) -> Tensor:
    """(B, K, N) bool: is the cell ``index`` of height ``value`` the maximum of its 3x3."""
    height, width = heatmaps.shape[-2:]
    flat = heatmaps.flatten(2)
    row = torch.div(index, width, rounding_mode="floor")
    column = index - row * width
    highest = torch.ones_like(index, dtype=torch.bool)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            # Clamping at the border gives a cell of the same 3x3, or the cell itself.
            near_row = (row + down).clamp_(0, height - 1)
            near = near_row * width + (column + right).clamp_(0, width - 1)
            other = flat.gather(2, near)
            highest &= (other < value) | ((other == value) & (near >= index))
    return highest
