"""DEKR's adaptive convolution, for all keypoint types in one call.

B images, K groups (keypoint types), C channels of a group in, D out, H W map size.

All forms compute what ``torchvision.ops.deform_conv2d`` computes: bilinear samples at the moved
points of a 3x3 grid, where cells outside the map count zero, times the kernel.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import deform_conv2d

KERNEL_SIZE = 3
PADDING = KERNEL_SIZE // 2
NUM_POINTS = KERNEL_SIZE**2


class AdaptiveBlock(nn.Module):
    """Residual block of an adaptive 3x3 convolution, one per group (DEKR, section 3).

    At every candidate a convolution predicts, for each group, a 2x3 matrix (A | t), of which the
    candidate's nine sampling points follow: the point of the regular 3x3 grid at g (in rows and
    columns, -1 to 1) moves to g + A g + t. With A = 0 and t = 0, where a new block starts, it is a
    plain convolution.

    The points that A is applied to are a buffer, as they are in the original networks: imported
    weights bring theirs.
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
        self.affine = nn.Conv2d(width, 6 * groups, kernel_size=3, padding=1, groups=groups)
        nn.init.zeros_(self.affine.weight)
        nn.init.zeros_(self.affine.bias)
        self.register_buffer("points", regular_points().repeat(groups, 1, 1))
        # Holds the kernels, which are applied at the moved points.
        self.conv = nn.Conv2d(width, width, KERNEL_SIZE, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(width)
        self.activation = nn.ReLU(inplace=True)

    def forward(self, features: Tensor) -> Tensor:
        """Map features (B, K C, H, W), the channels of a group side by side, to the same shape."""
        affine = self.affine(features).unflatten(1, (self.groups, 2, 3))
        output = adaptive_conv(features, affine, self.points, self.conv.weight)
        return self.activation(self.norm(output) + features)


def regular_points() -> Tensor:
    """Return (3, 9), the points (y, x, 1) of the regular 3x3 grid, row by row."""
    steps = torch.arange(KERNEL_SIZE, dtype=torch.get_default_dtype()) - PADDING
    y, x = torch.meshgrid(steps, steps, indexing="ij")
    return torch.stack([y.flatten(), x.flatten(), torch.ones(NUM_POINTS)])


def adaptive_conv(features: Tensor, affine: Tensor, points: Tensor, weight: Tensor) -> Tensor:
    """Convolve with 3x3 kernels whose points are moved, for each candidate and group on its own.

    ``tools/benchmark.py dekr`` measures the forms on a CPU: by rows is the fastest forward, by
    ``grid_sample`` the fastest where gradients are wanted. Other devices run torchvision's
    operator, which needs the least memory.

    Args:
        features: (B, K C, H, W).
        affine: (B, K, 2, 3, H, W), the rows (A | t) for y and for x.
        points: (K, 3, 9). A point of the regular grid is moved by affine @ its point here, cells.
        weight: (K D, C, 3, 3), a grouped convolution's.

    Returns:
        (B, K D, H, W).
    """
    if features.device.type != "cpu":
        return by_operator(features, affine, points, weight)
    if torch.compiler.is_compiling():  # an exported network has no loop over images and groups
        return by_grid_sample(features, affine, points, weight)
    wants_gradients = any(tensor.requires_grad for tensor in (features, affine, weight))
    if wants_gradients and torch.is_grad_enabled():
        return by_grid_sample(features, affine, points, weight)
    return by_rows(features, affine, points, weight)


def by_operator(features: Tensor, affine: Tensor, points: Tensor, weight: Tensor) -> Tensor:
    """``adaptive_conv`` by one grouped call of torchvision's operator."""
    offsets = torch.einsum("bkachw,kcn->bknahw", affine, points)
    return deform_conv2d(features, offsets.flatten(1, 3), weight, padding=PADDING)


def by_grid_sample(features: Tensor, affine: Tensor, points: Tensor, weight: Tensor) -> Tensor:
    """``adaptive_conv`` by ``grid_sample`` with groups as batch, then one matrix product each."""
    batch, groups, *_, height, width = affine.shape
    moves = points.transpose(1, 2)[:, None] @ affine.flatten(4)
    y, x = (moves + _regular_places(height, width, like=affine)).unbind(dim=2)
    # grid_sample's range: -1 and 1 are the outer edges of the map.
    grid = torch.stack([(2 * x + 1) / width - 1, (2 * y + 1) / height - 1], dim=-1)
    samples = F.grid_sample(
        features.reshape(batch * groups, -1, height, width),
        grid.view(batch * groups, NUM_POINTS * height, width, 2),
        align_corners=False,
    )
    kernels = weight.view(groups, -1, weight[0].numel())
    output = kernels @ samples.view(batch, groups, -1, height * width)
    return output.view(batch, -1, height, width)


def by_rows(features: Tensor, affine: Tensor, points: Tensor, weight: Tensor) -> Tensor:
    """``adaptive_conv`` by weighted sums of table rows, one group at a time; without gradients.

    The cells of a group are the rows of a table. A bilinear sample is a weighted sum of four rows,
    which ``embedding_bag`` adds up, all channels at a time. Around the map are rows of zeros (two
    cells on each side), so that no point needs a test after it was clamped to them.
    """
    batch, groups, *_, height, width = affine.shape
    channels = weight.shape[1]
    tables = features.unflatten(1, (groups, channels)).permute(0, 1, 3, 4, 2)
    tables = F.pad(tables, (0, 0, 2, 2, 2, 2)).flatten(2, 3)
    kernels = weight.view(groups, -1, channels, NUM_POINTS).transpose(2, 3).flatten(2)
    affine = affine.flatten(4).transpose(3, 4)
    places = _regular_places(height, width, like=affine).transpose(1, 2).flatten(1) + 2
    output = features.new_empty(batch, groups, kernels.shape[1], height * width)
    share = features.new_empty(height * width * NUM_POINTS, 4)
    index = torch.empty_like(share, dtype=torch.int32)
    for image in range(batch):
        for group in range(groups):
            moves = affine[image, group] @ points[group]
            _find_rows(moves, places, height, width, index, share)
            samples = F.embedding_bag(
                index, tables[image, group], mode="sum", per_sample_weights=share
            )
            samples = samples.view(height * width, -1).t()
            torch.mm(kernels[group], samples, out=output[image, group])
    return output.view(batch, -1, height, width)


def _find_rows(
    moves: Tensor, places: Tensor, height: int, width: int, index: Tensor, share: Tensor
) -> None:
    """Write which rows of the padded table make up each sample, and their shares in it.

    A sample's cell and its place in it come from its move alone: added to a place first, a move
    would lose the digits that a large map's coordinates need.

    Args:
        moves: (2, H W, 9), from where the regular grid samples, in rows and columns, cells;
            overwritten.
        places: (2, 9 H W), where that is in the padded map, whole numbers.
        index, share: (9 H W, 4) int32 and float, written here: the upper left cell around a
            sample, the upper right, the lower left, the lower right.
    """
    row_length = width + 4
    cells = []
    for move, place, limit in zip(moves.flatten(1), places, (height, width), strict=True):
        move.clamp_(-limit - 4, limit + 4)
        cells.append(move.floor())
        move.sub_(cells[-1])
        cells[-1].add_(place).clamp_(0, limit + 2)
    first = torch.add(cells[1].int(), cells[0].int(), alpha=row_length)
    # A point that is not a number is no index, but still makes its sample NaN.
    first.clamp_(0, (height + 2) * row_length + width + 2)
    for corner, step in enumerate((0, 1, row_length, row_length + 1)):
        torch.add(first, step, out=index[:, corner])
    y, x = moves.flatten(1)
    lower_right = y * x
    share[:, 3] = lower_right
    share[:, 2] = y.sub_(lower_right)
    share[:, 1] = x.sub_(lower_right)
    torch.sub(1, y.add_(x).add_(lower_right), out=share[:, 0])


def _regular_places(height: int, width: int, like: Tensor) -> Tensor:
    """Return (2, 9, H W), the rows and columns of the regular grid's points at each candidate."""
    places = regular_points().to(like)[:2, :, None, None].repeat(1, 1, height, width)
    places[0] += torch.arange(height, dtype=like.dtype, device=like.device)[:, None]
    places[1] += torch.arange(width, dtype=like.dtype, device=like.device)
    return places.flatten(2)
