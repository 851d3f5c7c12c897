"""Several keypoints per type from its map: one result per target.

Candidates below the threshold are dropped first, so that the rest of the work depends on how many
people there are and not on the size of the map.

Duplicates of AdaAnchor. Up to A positives answer for one person, so one of them must be kept.
Two ways were compared on maps made by a rule: two targets 1 to 6 strides apart, 20 positives each
around a place that is off its target by some noise, noise in confidence and offsets, offsets that
blend between the two; 300 pairs for each distance. Targets missed / results too many, percent of
targets, averaged over 2 to 6 strides, and at 3 strides alone:

    noise of neighbouring cells       correlated          independent       positives 2 strides away
    3x3 peaks of confidence          8 / 13,  11 / 10    1 / 100,  1 / 89     6 / 32,   9 / 27
    5x5 peaks of confidence         17 / 2,   24 / 2    12 / 6,   20 / 5     13 / 7,   18 / 7
    refined estimates, radius 1.5    1 / 8,    0 / 3     0 / 1,    0 / 1      0 / 48,   0 / 40
    refined estimates, radius 2      4 / 4,    0 / 0     1 / 0,    0 / 0      2 / 18,   0 / 8
    refined estimates, radius 2.5   10 / 1,    1 / 0     9 / 0,    0 / 0      6 / 6,    2 / 3

The anchors of two people who stand close form one blob, and one person's blob has several peaks,
as all its positives are told to be confident; their estimates do separate. So duplicates are merged
by refined estimates with radius 2. The price is paid by people less than 2 strides apart. What is
found is found equally well: 0.16, 0.15 and 0.33 strides off, all ways within 0.05 of that.

B images, K keypoint types, N candidates of a type, M results of a type.
"""

import numpy as np
import torch
import torch.nn.functional as F
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
        gamma: least confidence of a candidate; above 1 nothing is found.
        max_candidates: M; slots beyond what was found are padded. Best first; equal confidences
            go to the lower row-major index.
        radius: a candidate is a duplicate when its estimate is this near (stride units) to that of
            a more confident result.
    """
    logits = maps.confidence_logits
    least_logit = torch.logit(torch.tensor(gamma, dtype=torch.float64)).item()
    above = (logits >= least_logit).flatten().nonzero()[:, 0]
    index = group_by_map(above, logits, max_candidates)
    located = locate_anchors(maps, index, stride, place)
    order = logits.flatten(2).gather(2, index.clamp(min=0)).masked_fill(index < 0, -torch.inf)
    kept = suppress_near(order, located.xy, radius * stride, max_candidates)
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
    index = group_by_map(_local_maxima(heatmaps, gamma), heatmaps, max_candidates)
    value = heatmaps.flatten(2).gather(2, index.clamp(min=0)).masked_fill(index < 0, -torch.inf)
    order = value.argsort(dim=2, descending=True, stable=True)
    best = index.gather(2, order)[..., :max_candidates]
    return locate_heatmap_cells(heatmaps, best, stride, place)


def group_by_map(found: Tensor, maps: Tensor, min_slots: int) -> Tensor:
    """Sort candidates of a batch into the maps that they are of.

    Args:
        found: (n,) indices into the flattened ``maps`` (B, K, H, W), ascending.

    Returns:
        (B, K, N) indices ``row * W + column``, ascending, padded with -1; N is the largest count of
        a map, at least ``min_slots``.
    """
    num_maps, num_cells = maps.shape[0] * maps.shape[1], maps.shape[2] * maps.shape[3]
    row = torch.div(found, num_cells, rounding_mode="floor")
    count = torch.bincount(row, minlength=num_maps)
    slot = torch.arange(len(found), device=found.device) - (count.cumsum(0) - count)[row]
    padded = found.new_full((num_maps, max(int(count.max()), min_slots)), -1)
    padded[row, slot] = found - row * num_cells
    return padded.view(*maps.shape[:2], -1)


def suppress_near(order_score: Tensor, xy: Tensor, radius: float, max_results: int) -> Tensor:
    """Greedy suppression: keep the best, drop all within ``radius`` of it, and so on.

    On the CPU, wherever the tensors are: the arrays are small, and numpy takes half of the time
    that torch takes there.

    Args:
        order_score: (B, K, N), -inf where there is no candidate.
        xy: (B, K, N, 2), in the unit of ``radius``.

    Returns:
        (B, K, max_results) slots of the kept candidates, best first; -1 where none was left.
    """
    score = order_score.detach().flatten(0, 1).cpu().numpy()
    order = (-score).argsort(axis=1, kind="stable")
    alive = np.take_along_axis(score, order, axis=1) > -np.inf
    x, y = np.moveaxis(xy.detach().flatten(0, 1).cpu().numpy(), 2, 0)
    x, y = np.take_along_axis(x, order, axis=1), np.take_along_axis(y, order, axis=1)
    first_cell = np.arange(len(score)) * score.shape[1]
    cells, found = np.zeros((2, max_results, len(score)), dtype=np.int64)
    for number in range(max_results):
        cell = cells[number] = first_cell + alive.argmax(axis=1)
        found[number] = any_left = alive.take(cell)
        if not any_left.any():
            break
        dx, dy = x - x.take(cell)[:, None], y - y.take(cell)[:, None]
        alive &= ~(dx * dx + dy * dy <= radius**2)  # not >: an estimate may be not finite
        alive.put(cell, False)
    kept = np.where(found, order.take(cells), -1).T
    return torch.from_numpy(kept).to(xy.device).view(*order_score.shape[:2], -1)


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


def _local_maxima(heatmaps: Tensor, gamma: float) -> Tensor:
    """(n,) indices into the flattened heatmaps of cells >= gamma that are the maximum of their 3x3.

    Two neighbours at a time, so that the cells still looked at become few at once.
    """
    height, width = heatmaps.shape[-2:]
    flat = F.pad(heatmaps, (1, 1, 1, 1), value=-torch.inf).flatten()
    found = (flat >= gamma).nonzero()[:, 0]
    for step in (1, width + 1, width + 2, width + 3):
        value = flat[found]
        found = found[(flat[found - step] < value) & (flat[found + step] <= value)]
    row = torch.div(found, width + 2, rounding_mode="floor")
    column = found - row * (width + 2) - 1
    map_index = torch.div(row, height + 2, rounding_mode="floor")
    return (row - 2 * map_index - 1) * width + column
