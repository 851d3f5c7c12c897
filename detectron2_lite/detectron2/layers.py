"""Shapes of feature maps, and normalization layers by name."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from detectron2.utils.registry import only_in_detectron2


@dataclass
class ShapeSpec:
    """Channels, height, width and stride of a tensor; None where not known."""

    channels: int | None = None
    height: int | None = None
    width: int | None = None
    stride: int | None = None


def get_norm(norm: str | Callable[[int], nn.Module] | None, out_channels: int) -> nn.Module | None:
    """Return a normalization layer.

    Args:
        norm: "BN", "SyncBN" or "GN" (32 groups); "" or None for no layer; or a callable that takes
            the number of channels.
        out_channels: number of channels.
    """
    if not norm:
        return None
    if norm in ("CN", "FrozenBN", "LN", "naiveSyncBN", "naiveSyncBN_N", "nnSyncBN"):
        raise only_in_detectron2(f"The normalization {norm}")
    if isinstance(norm, str):
        norm = {
            "BN": nn.BatchNorm2d,
            "SyncBN": nn.SyncBatchNorm,
            "GN": lambda channels: nn.GroupNorm(32, channels),
        }[norm]
    return norm(out_channels)
