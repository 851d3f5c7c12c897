"""DEKR's adaptive convolution, for all keypoint types in one call.

B images, K groups (keypoint types), C channels of a group, H W map size.
"""

import torch
from torch import Tensor, nn
from torchvision.ops import deform_conv2d

KERNEL_SIZE = 3
NUM_AFFINE = 6


class AdaptiveBlock(nn.Module):
    """Residual block of an adaptive 3x3 convolution, one per group (DEKR, section 3).

    At every candidate a convolution predicts, for each group, a 2x3 matrix (A | t) of which the
    candidate's nine sampling points follow: the point of the regular 3x3 grid at g (in rows and
    columns, -1 to 1) moves to g + A g + t. With A = 0 and t = 0, where a new block starts, it is a
    plain convolution. Samples outside the map count zero.
    """

    def __init__(self, groups: int, channels: int) -> None:
        """
        Args:
            groups: K.
            channels: C, of one group.
        """
        super().__init__()
        self.groups = groups
        width = groups * channels
        self.affine = nn.Conv2d(width, NUM_AFFINE * groups, 3, padding=1, groups=groups)
        nn.init.zeros_(self.affine.weight)
        nn.init.zeros_(self.affine.bias)
        # Holds the kernel; it is applied at the moved points.
        self.conv = nn.Conv2d(width, width, KERNEL_SIZE, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(width)
        self.activation = nn.ReLU(inplace=True)

    def forward(self, features: Tensor) -> Tensor:
        """Map features (B, K C, H, W), the channels of a group side by side, to the same shape."""
        affine = self.affine(features).unflatten(1, (self.groups, 2, 3))
        output = adaptive_conv(features, affine, self.conv.weight)
        return self.activation(self.norm(output) + features)


def adaptive_conv(features: Tensor, affine: Tensor, weight: Tensor) -> Tensor:
    """Convolve with 3x3 kernels whose points an affine map moves, one map per candidate and group.

    Args:
        features: (B, K C, H, W).
        affine: (B, K, 2, 3, H, W), the rows (A | t) for y and for x, in cells.
        weight: (K D, C, 3, 3), a grouped convolution's.

    Returns:
        (B, K D, H, W).
    """
    offsets = torch.einsum("bkachw,cn->bknahw", affine, regular_grid(affine))
    return deform_conv2d(features, offsets.flatten(1, 3), weight, padding=KERNEL_SIZE // 2)


def regular_grid(like: Tensor) -> Tensor:
    """Return (3, 9), the points (y, x, 1) of the regular 3x3 grid, row by row."""
    steps = torch.arange(KERNEL_SIZE, dtype=like.dtype, device=like.device) - KERNEL_SIZE // 2
    y, x = torch.meshgrid(steps, steps, indexing="ij")
    return torch.stack([y.flatten(), x.flatten(), torch.ones_like(x).flatten()])
