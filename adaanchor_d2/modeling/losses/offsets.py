"""L1 losses on offsets (L_reg of eq. 4, and the local offsets of eq. 12)."""

import torch
from torch import Tensor

from ..anchors.geometry import index_to_xy


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
