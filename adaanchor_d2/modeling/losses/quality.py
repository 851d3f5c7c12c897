"""Loss on the predicted quality of candidates."""

import torch
import torch.nn.functional as F
from torch import Tensor


def quality_loss(
    quality_logits: Tensor, map_index: Tensor, anchor_index: Tensor, accuracy: Tensor
) -> Tensor:
    """Return the summed binary cross-entropy of P candidates' quality against their accuracy.

        -(r log p + (1 - r) log (1 - p)),   p = sigmoid(logit),   least at p = r

    Args:
        quality_logits: (M, H, W); computed in float32 or wider.
        map_index, anchor_index: (P,) int64: which map, and which candidate of it. P = 0 gives a
            zero that keeps the graph.
        accuracy: (P,), r in [0, 1].
    """
    logits = quality_logits.flatten(1)[map_index, anchor_index]
    logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
    return F.binary_cross_entropy_with_logits(logits, accuracy.to(logits.dtype), reduction="sum")
