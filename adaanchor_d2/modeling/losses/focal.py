"""Focal loss on the confidence of all candidates (L_cof of eq. 4)."""

import torch
from torch import Tensor
from torch.nn.functional import softplus


def anchor_focal_loss(
    logits: Tensor,
    positive_index: Tensor,
    supervised: Tensor,
    alpha: float = 0.25,
    gamma: float = 2.0,
) -> Tensor:
    """Return the summed sigmoid focal loss, with target 1 at the anchors and 0 elsewhere.

        positive: alpha       (1 - p)^gamma  (-log p)
        negative: (1 - alpha) p^gamma        (-log (1 - p))         p = sigmoid(logit)

    The negative term is summed over all supervised candidates and taken back at the positives, so
    no dense target is built. Without positives it is the negative term alone; without supervised
    maps it is zero and keeps the graph.

    Args:
        logits: (M, N) confidence logits of M maps; computed in float32 or wider.
        positive_index: (P,) int64, ``map * N + candidate``, without duplicates.
        supervised: bool, (M, 1) or (M, N): where the loss counts. Positives always count.
        alpha: weight of the positives; negative for no class weights (CenterNet's form).
        gamma: focusing exponent.
    """
    positive_weight, negative_weight = (alpha, 1 - alpha) if alpha >= 0 else (1.0, 1.0)
    logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
    if supervised.shape[1] == 1:
        negatives = _negative_term(logits[supervised[:, 0]], gamma).sum()
    else:
        negatives = (_negative_term(logits, gamma) * supervised).sum()
    at_positives = logits.flatten()[positive_index]
    counted = supervised.expand_as(logits).flatten()[positive_index]
    positives = torch.sigmoid(-at_positives).pow(gamma) * softplus(-at_positives)
    taken_back = _negative_term(at_positives, gamma) * counted
    return positive_weight * positives.sum() + negative_weight * (negatives - taken_back.sum())


def _negative_term(logits: Tensor, gamma: float) -> Tensor:
    return torch.sigmoid(logits).pow(gamma) * softplus(logits)
