"""Top-A selection with exact ties, and the settling of candidates that two targets chose."""

import torch
from torch import Tensor


def select_top(score: Tensor, num_anchors: int) -> Tensor:
    """Return (T, A) candidate indices of the largest scores, best first (eq. 10, 11).

    Equal scores go to the lower index. ``torch.topk`` leaves open which of equal scores it takes,
    so rows with a tie at the A-th place are selected a second time, by rank among the tied.

    Args:
        score: (T, N), any finite or infinite values.
        num_anchors: A; at most N are returned.
    """
    num_anchors = min(num_anchors, score.shape[1])
    value, index = score.topk(min(num_anchors + 1, score.shape[1]), dim=1)
    if value.shape[1] > num_anchors:
        tied = torch.nonzero(value[:, num_anchors - 1] == value[:, num_anchors]).flatten()
        index = index[:, :num_anchors]
        if len(tied):
            index = index.index_copy(0, tied, _select_top_by_rank(score[tied], num_anchors))
    index = index.sort(dim=1).values
    order = score.gather(1, index).argsort(dim=1, descending=True, stable=True)
    return index.gather(1, order)


def _select_top_by_rank(score: Tensor, num_anchors: int) -> Tensor:
    order = score.argsort(dim=1, descending=True, stable=True)
    return order[:, :num_anchors]


def settle_conflicts(
    anchor_index: Tensor, order_score: Tensor, map_index: Tensor
) -> tuple[Tensor, Tensor]:
    """Give every candidate that several targets of a map chose to one of them.

    It serves the one with the highest score, equal scores the target that comes first. The losers'
    slots stay empty.

    Args:
        anchor_index: (T, A).
        order_score: (T, A), scores that are comparable between targets.
        map_index: (T,), equal for targets that share a map (same image and type).

    Returns:
        ``anchor_index`` with -1 in the losers' slots, and (T, A) bool: whose candidate was chosen
        by several targets.
    """
    num_targets, num_anchors = anchor_index.shape
    if num_targets < 2:
        return anchor_index, torch.zeros_like(anchor_index, dtype=torch.bool)
    flat_index, flat_map = anchor_index.flatten(), map_index.repeat_interleave(num_anchors)
    order = order_score.flatten().argsort(descending=True, stable=True)
    for key in (flat_index, flat_map):
        order = order[key[order].argsort(stable=True)]
    same = (flat_index[order][1:] == flat_index[order][:-1]) & (
        flat_map[order][1:] == flat_map[order][:-1]
    )
    settled = flat_index.clone()
    settled[order[1:]] = torch.where(same, -1, flat_index[order[1:]])
    shared = torch.zeros_like(settled, dtype=torch.bool)
    shared[order[1:]] = same
    shared[order[:-1]] |= same
    return settled.view_as(anchor_index), shared.view_as(anchor_index)
