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

On the device of the maps every candidate is compared with the threshold; the few that are left are
sorted and merged on the CPU, where numpy takes a fraction of the time that torch takes for small
arrays.

B images, K keypoint types, N candidates of a type, M results of a type.
"""

from dataclasses import replace

import numpy as np
import torch
import torch.nn.functional as F
from scipy.special import logit
from torch import Tensor

from ..anchors.structures import AnchorMaps
from .consensus import MEMBER_CONFIDENCE, MERGE_RADIUS, consensus
from .peaks import LocatedKeypoints, locate_anchors, locate_heatmap_cells


@torch.no_grad()
def locate_many_anchor(
    maps: AnchorMaps,
    stride: int,
    place: float | Tensor,
    gamma: float,
    max_candidates: int,
    radius: float = MERGE_RADIUS,
    num_members: int = 1,
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
        num_members: each estimate is the consensus of so many of the most confident among a result
            and its duplicates, with a spread (see ``consensus``); 1 is the paper, without a spread.

    Returns:
        What was found, on the CPU.
    """
    logits = maps.confidence_logits
    # A consensus has members below gamma: which ones, must not depend on gamma.
    lowest = gamma if num_members == 1 else gamma * MEMBER_CONFIDENCE
    above = np.flatnonzero((logits >= logit(lowest)).cpu())
    index = best_first(above, logits, max_candidates)
    located = locate_anchors(maps, index.to(logits.device), stride, place).cpu()
    slots = suppress_near(located, radius * stride, max_candidates)
    if num_members == 1:
        return _select(located, slots)
    score = located.score.flatten(0, 1).numpy()
    reaches = np.take_along_axis(score, slots.reshape(len(score), -1), axis=1) >= gamma
    slots = np.where(reaches.reshape(slots.shape), slots, -1)
    return _consensus_of_duplicates(located, slots, radius * stride, num_members)


@torch.no_grad()
def locate_many_heatmap(
    heatmaps: Tensor, stride: int, place: float | Tensor, gamma: float, max_candidates: int
) -> LocatedKeypoints:
    """The highest local maxima (3x3) of each heatmap, with quarter offset; on the CPU.

    Of equal neighbours the lower row-major index is the maximum.

    Args:
        heatmaps: (B, K, H, W).
        gamma, max_candidates: as in ``locate_many_anchor``.
    """
    index = best_first(_local_maxima(heatmaps, gamma), heatmaps, max_candidates)
    best = index[..., :max_candidates].to(heatmaps.device)
    return locate_heatmap_cells(heatmaps, best, stride, place).cpu()


def best_first(found: np.ndarray, maps: Tensor, min_slots: int) -> Tensor:
    """Sort candidates of a batch into the maps that they are of, the highest first.

    Args:
        found: (n,) indices into the flattened ``maps`` (B, K, H, W), ascending; equal values keep
            this order.

    Returns:
        (B, K, N) indices ``row * W + column``, on the CPU, padded with -1; N is the largest count
        of a map, at least ``min_slots``.
    """
    num_maps, num_cells = maps.shape[0] * maps.shape[1], maps.shape[2] * maps.shape[3]
    descending = -maps.take(torch.from_numpy(found).to(maps.device)).cpu().numpy()
    bounds = np.searchsorted(found, np.arange(num_maps + 1) * num_cells)
    padded = np.full((num_maps, max((bounds[1:] - bounds[:-1]).max(), min_slots)), -1)
    for row, (start, end) in enumerate(zip(bounds[:-1], bounds[1:], strict=True)):
        order = descending[start:end].argsort(kind="stable")
        padded[row, : end - start] = found[start:end][order] - row * num_cells
    return torch.from_numpy(padded).view(*maps.shape[:2], -1)


def suppress_near(located: LocatedKeypoints, radius: float, max_results: int) -> np.ndarray:
    """Greedy suppression: keep the first, drop all within ``radius`` of it, and so on.

    Args:
        located: (B, K, N) on the CPU, best first.
        radius: input pixels.

    Returns:
        (B, K, max_results) slots of those that are kept, best first; -1 where none was left.
    """
    valid = located.valid.flatten(0, 1).numpy()
    places = torch.view_as_complex(located.xy.flatten(0, 1).contiguous()).numpy()
    settled = ~valid
    first_cell = np.arange(len(places))[:, None] * places.shape[1]
    slots = np.zeros((max_results, len(places)), dtype=np.int64)
    for number in range(max_results):
        # Slot 0 comes first, so that a later 0 says that none is left.
        slot = settled.argmin(axis=1, keepdims=True)
        if number and not np.count_nonzero(slot):
            break
        slots[number] = slot[:, 0]
        cell = first_cell + slot
        settled |= np.abs(places - places.take(cell)) <= radius
        settled.put(cell, True)  # an estimate that is not finite is not even near to itself
    kept = np.where(slots > 0, slots, -1).T
    kept[:, 0] = np.where(valid[:, 0], 0, -1)
    return kept.reshape(*located.valid.shape[:2], -1)


def _consensus_of_duplicates(
    located: LocatedKeypoints, slots: np.ndarray, radius: float, num_members: int
) -> LocatedKeypoints:
    """The results in the given slots, each moved to the consensus with those that it suppressed.

    Args:
        located: (B, K, N), best first.
        slots: (B, K, M), -1 for none.
    """
    chosen = _select(located, slots)
    places = torch.view_as_complex(located.xy.flatten(0, 1).contiguous()).numpy()
    free = located.valid.flatten(0, 1).numpy().copy()
    rows = np.arange(len(places))[:, None]
    members = np.full((slots.shape[-1], len(places), num_members), -1)
    for number, slot in enumerate(slots.reshape(len(places), -1).T[..., None]):
        if not (slot >= 0).any():
            break
        own = free & (slot >= 0) & (np.abs(places - places[rows, slot]) <= radius)
        free &= ~own
        row, member = own.nonzero()
        rank = own.cumsum(axis=1)[row, member] - 1
        counted = rank < num_members
        members[number, row[counted], rank[counted]] = member[counted]
    members = members.transpose(1, 0, 2).reshape(*slots.shape[:2], -1)
    ensemble = _select(located, members)
    xy, score = (tensor.unflatten(2, (-1, num_members)) for tensor in (ensemble.xy, ensemble.score))
    xy, spread = consensus(xy, score, radius)
    return replace(chosen, xy=xy, spread=spread)


def _select(located: LocatedKeypoints, slot: np.ndarray) -> LocatedKeypoints:
    """The results in the given slots (B, K, M), -1 for none."""
    image, kind = np.arange(slot.shape[0])[:, None, None], np.arange(slot.shape[1])[:, None]
    place = (image, kind, np.maximum(slot, 0))
    chosen = located.map(lambda tensor: torch.from_numpy(tensor.numpy()[place]))
    empty = torch.from_numpy(slot < 0)
    for score in (chosen.score, chosen.quality):
        if score is not None:
            score[empty] = 0.0
    return replace(chosen, valid=~empty)


def _local_maxima(heatmaps: Tensor, gamma: float) -> np.ndarray:
    """(n,) indices into the flattened heatmaps of cells >= gamma that are the maximum of their 3x3.

    The neighbours in the row are compared for all cells, the others for those that are left.
    """
    height, width = heatmaps.shape[-2:]
    flat = F.pad(heatmaps, (1, 1, 1, 1), value=-torch.inf).flatten()
    value = flat[1:-1]
    found = (value >= gamma) & (value > flat[:-2]) & (value >= flat[2:])
    found = np.flatnonzero(found.cpu()) + 1
    steps = np.array([0, 1, 2])[:, None] + width + 1
    around = torch.from_numpy(np.concatenate((found[None], found - steps, found + steps)))
    around = flat.take(around.to(flat.device)).cpu().numpy()
    is_peak = (around[1:4] < around[0]) & (around[4:] <= around[0])
    row, column = np.divmod(found[is_peak.all(axis=0)], width + 2)
    map_index, row = np.divmod(row, height + 2)
    return (map_index * height + row - 1) * width + column - 1
