"""Normalization layers by name."""

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional as F


class FrozenBatchNorm2d(nn.Module):
    """Batch normalization with constant statistics and constant affine parameters.

    All four are buffers, named as in ``nn.BatchNorm2d``; a new layer is the identity.
    """

    def __init__(self, num_features: int, eps: float = 1e-5):
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.register_buffer("weight", torch.ones(num_features))
        self.register_buffer("bias", torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features) - eps)
        self.register_buffer("num_batches_tracked", None)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.batch_norm(
            x, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps
        )

    def extra_repr(self) -> str:
        return f"num_features={self.num_features}, eps={self.eps}"

    @classmethod
    def convert_frozen_batchnorm(cls, module: nn.Module) -> nn.Module:
        """Replace every batch norm inside ``module``; return it, or its frozen replacement."""
        if isinstance(module, nn.BatchNorm2d | nn.SyncBatchNorm):
            frozen = cls(module.num_features, module.eps)
            for name, value in {**module._parameters, **module._buffers}.items():
                if value is not None:
                    setattr(frozen, name, value.detach().clone())
            return frozen
        for name, child in module.named_children():
            setattr(module, name, cls.convert_frozen_batchnorm(child))
        return module


class ChannelLayerNorm(nn.Module):
    """Layer normalization over the channels of each position of a map (B, C, H, W)."""

    def __init__(self, num_channels: int, eps: float = 1e-6):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(num_channels))
        self.bias = nn.Parameter(torch.zeros(num_channels))
        self.eps = eps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        channels_last = x.permute(0, 2, 3, 1)
        y = F.layer_norm(channels_last, self.weight.shape, self.weight, self.bias, self.eps)
        return y.permute(0, 3, 1, 2)


_NORMS: dict[str, Callable[[int], nn.Module]] = {
    "BN": nn.BatchNorm2d,
    "SyncBN": nn.SyncBatchNorm,
    "FrozenBN": FrozenBatchNorm2d,
    "GN": lambda channels: nn.GroupNorm(32, channels),
    "LN": ChannelLayerNorm,
}


def get_norm(norm: str | Callable[[int], nn.Module] | None, out_channels: int) -> nn.Module | None:
    """Return a normalization layer.

    Args:
        norm: "BN", "SyncBN", "FrozenBN", "GN" (32 groups) or "LN"; "" or None for no layer; or a
            callable that takes the number of channels.
        out_channels: number of channels.
    """
    if not norm:
        return None
    return (_NORMS[norm] if isinstance(norm, str) else norm)(out_channels)
