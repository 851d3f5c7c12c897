"""L1 losses on offsets (L_reg of eq. 4, the local offsets of eq. 12, DEKR's pose offsets)."""

import torch
import torch.nn.functional as F
from torch import Tensor

from ..anchors.geometry import index_to_xy

# Below this error, in stride units, the loss on pose offsets is quadratic (DEKR).
POSE_BETA = 1 / 9


def l1_offset_loss(
    offset_maps: Tensor, map_index: Tensor, anchor_index: Tensor, target_xy: Tensor, place: float
) -> Tensor:
    """Return the sum over P candidates of |dx| + |dy| between offset and (target - candidate).

    Args:
        offset_maps: (M, 2, H, W), stride units; computed in float32 or wider.
        map_index, anchor_index: (P,) int64: which map, and which candidate of it. P = 0 gives a
            zero that keeps the graph.
        target_xy: (P, 2), stride units.
        place: where a candidate sits in its cell.
    """
    width = offset_maps.shape[-1]
    predicted = offset_maps.flatten(2)[map_index, :, anchor_index]
    predicted = predicted.to(torch.promote_types(predicted.dtype, torch.float32))
    wanted = target_xy - index_to_xy(anchor_index, width, place, dtype=target_xy.dtype)
    return (predicted - wanted).abs().sum()


def pose_offset_loss(
    offset_maps: Tensor, image_index: Tensor, anchor_index: Tensor, target: Tensor, weight: Tensor
) -> Tensor:
    """Return the weighted sum of smooth L1 (beta 1/9) over the keypoints of S candidates.

    With e = |predicted - target| of a coordinate the loss is e^2 / (2 beta) where e < beta, else
    e - beta / 2, times the weight of its keypoint.

    Args:
        offset_maps: (B, K, 2, H, W), stride units; computed in float32 or wider.
        image_index, anchor_index: (S,) int64. S = 0 gives a zero that keeps the graph.
        target: (S, K, 2), from the candidate to the keypoint, stride units.
        weight: (S, K). Where it is 0, the target is not read.
    """
    predicted = offset_maps.flatten(3)[image_index, :, :, anchor_index]
    predicted = predicted.to(torch.promote_types(predicted.dtype, torch.float32))
    read = weight > 0
    error = F.smooth_l1_loss(predicted[read], target[read], reduction="none", beta=POSE_BETA)
    return (error * weight[read][:, None]).sum()
