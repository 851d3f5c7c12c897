"""One estimate from those of several candidates, and how far apart they are.

The candidates of a keypoint are an ensemble that is there anyhow. Members of the consensus are the
most confident candidates that are at least half as confident as the best one. Those that agree with
the best one, within the radius in which candidates of several people count as duplicates, give the
estimate: their mean, weighted by confidence. Those that do not agree (another person's limb, left
for right) do not move it; they widen the spread.

Other ways, compared on the quick start's people (80x64 crops, stride 4, 8 anchors a target; the
even images of 1,000; two seeds of AdaAnchor, one of FixAnchor). Mean error in pixels of the crop,
visible and hidden points, and the mean keypoint similarity of the visible ones in percent:

                                     AdaAnchor, seed 0  AdaAnchor, seed 1  FixAnchor, seed 0
    the best candidate (m = 1)       3.50  4.48  67.9   3.65  4.47  67.1   3.50  4.46  68.2
    within 2 strides of the best,
        m = 8                        3.49  4.45  67.8   3.64  4.45  67.1   3.47  4.41  68.2
        m = 20                       3.49  4.45  67.8   3.63  4.44  67.1   3.46  4.38  68.1
    within 4 strides, m = 20         3.47  4.41  67.6   3.60  4.41  66.8   3.44  4.35  67.6
    within 3 strides of the medoid,
        m = 20                       3.49  4.35  67.7   3.62  4.40  66.9   3.47  4.31  67.7
    geometric median, m = 20         3.49  4.34  67.6   3.62  4.41  66.9   3.48  4.31  67.8
    mean of all, m = 20              3.48  4.31  66.9   3.59  4.39  66.3   3.49  4.25  66.7
    mean of all, m = 20, however
        weak                         3.92  4.54  60.8   3.96  4.53  60.9   3.54  4.25  65.9

Whatever lets a second mode pull lowers the mean error, most on hidden points, by moving estimates
to places between the modes, where fewer of them are right. The candidates near the best one lower
both errors and leave the similarity (and so AP) almost where it was. Without the bound on
confidence the weak candidates spoil the spread: with m = 20 its AUROC for "the keypoint is right"
is 0.58, 0.59, 0.59; with it 0.66, 0.66, 0.74 (the confidence's own: 0.59, 0.61, 0.71).
"""

import torch
from torch import Tensor

# Strides. A candidate whose estimate is this near to a better one's estimates the same keypoint.
MERGE_RADIUS = 2.0
# Members have at least this share of the best candidate's confidence.
MEMBER_CONFIDENCE = 0.5


def consensus(xy: Tensor, confidence: Tensor, radius: float) -> tuple[Tensor, Tensor]:
    """Return the consensus (..., 2) of m estimates each, and their spread (...).

    With p the estimates, c their confidences and members those with c >= c_0 / 2, the consensus is
    the mean of the members within ``radius`` of p_0, the spread the root mean square distance of
    all members from it, both weighted by c.

    Args:
        xy: (..., m, 2), p; the best candidate's first.
        confidence: (..., m), c >= 0; 0 for empty slots. Without any confidence the consensus is p_0
            and the spread 0.
        radius: in the unit of ``xy``.
    """
    best = xy[..., :1, :]
    is_member = confidence >= MEMBER_CONFIDENCE * confidence[..., :1]
    weight = confidence * is_member
    away = xy - best
    agrees = away.square().sum(dim=-1) <= radius**2
    moved = best + _weighted_mean(away, (weight * agrees)[..., None])
    squared = (xy - moved).square().sum(dim=-1, keepdim=True)
    spread = _weighted_mean(squared, weight[..., None]).sqrt()
    return moved[..., 0, :], spread[..., 0, 0]


def _weighted_mean(values: Tensor, weight: Tensor) -> Tensor:
    """Mean over m of (..., m, D), keeping the dimension; 0 where all weights are."""
    total = weight.sum(dim=-2, keepdim=True).clamp(min=torch.finfo(weight.dtype).tiny)
    return (values * weight).sum(dim=-2, keepdim=True) / total
