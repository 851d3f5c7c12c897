"""Where candidates sit, and what they estimate: the only place that knows the grid's rule.

The candidate in row i, column j of a map sits at (j + place, i + place) in stride units; place is
0.5 (the centre of the cell) unless imported weights bring another convention. Multiply by the
stride for input pixels. ``place`` is a number, or a tensor () such as the heads keep with their
weights.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from .structures import AnchorMaps


def candidate_xy(height: int, width: int, place: float | Tensor = 0.5, *, like: Tensor) -> Tensor:
    """Return the (H * W, 2) places of all candidates, row-major, (x, y) in stride units.

    ``like`` gives device and dtype.
    """
    x = torch.arange(width, dtype=like.dtype, device=like.device) + place
    y = torch.arange(height, dtype=like.dtype, device=like.device) + place
    grid_y, grid_x = torch.meshgrid(y, x, indexing="ij")
    return torch.stack((grid_x, grid_y), dim=-1).view(-1, 2)


def index_to_xy(
    index: Tensor, width: int, place: float | Tensor = 0.5, *, dtype: torch.dtype
) -> Tensor:
    """Return (..., 2) places, stride units, of candidates given as ``row * width + column``."""
    return torch.stack((index % width, index // width), dim=-1).to(dtype) + place


def sample_maps(maps: Tensor, xy: Tensor, place: float | Tensor = 0.5) -> Tensor:
    """Sample maps bilinearly; positions outside the map take the border value.

    Args:
        maps: (M, C, H, W).
        xy: (M, N, 2), stride units.

    Returns:
        (M, N, C).
    """
    height, width = maps.shape[-2:]
    scale = [2 / max(side - 1, 1) for side in (width, height)]
    scale = torch.tensor(scale, dtype=xy.dtype, device=xy.device)
    normalized = (xy - place) * scale - 1
    sampled = F.grid_sample(
        maps, normalized[:, None], mode="bilinear", padding_mode="border", align_corners=True
    )
    return sampled[:, :, 0].transpose(1, 2)


def sample_points(
    maps: Tensor, map_index: Tensor, xy: Tensor, place: float | Tensor = 0.5
) -> Tensor:
    """Sample one place of one map per point, bilinearly; as :func:`sample_maps` at the border.

    For many points on few maps: only the four neighbours of each point are read.

    Args:
        maps: (M, H, W).
        map_index: (T,) int64, the map of each point.
        xy: (T, 2), stride units.

    Returns:
        (T,).
    """
    height, width = maps.shape[-2:]
    last = torch.tensor([width - 1, height - 1], dtype=xy.dtype, device=xy.device)
    position = torch.minimum((xy - place).clamp(min=0), last)
    lower = position.floor()
    weight = (position - lower).to(maps.dtype)
    upper = torch.minimum(lower + 1, last)
    (x0, y0), (x1, y1) = lower.long().unbind(1), upper.long().unbind(1)
    above = torch.lerp(maps[map_index, y0, x0], maps[map_index, y0, x1], weight[:, 0])
    below = torch.lerp(maps[map_index, y1, x0], maps[map_index, y1, x1], weight[:, 0])
    return torch.lerp(above, below, weight[:, 1])


def refined_xy(
    anchor_xy: Tensor, offsets: Tensor, local_maps: Tensor | None, place: float | Tensor = 0.5
) -> Tensor:
    """Return the refined estimates P_r of eq. 12, stride units.

    q = a + d(a); P_r = q + l(q), with l sampled bilinearly at q.

    Args:
        anchor_xy: (M, N, 2) or (N, 2), places of the anchors a.
        offsets: (M, N, 2), d at the anchors.
        local_maps: (M, 2, H, W), l; None leaves q as it is.
    """
    coarse = anchor_xy + offsets
    if local_maps is None:
        return coarse
    return coarse + sample_maps(local_maps, coarse, place)


def estimates_of(maps: AnchorMaps, map_index: Tensor, anchor_index: Tensor) -> Tensor:
    """Return (P, 2), the refined estimates (eq. 12) of P candidates, stride units.

    For few candidates on few maps: only what they need is read.

    Args:
        map_index, anchor_index: (P,) int64: which of the B K maps, and which candidate of it.
    """
    width = maps.offsets.shape[-1]
    offsets = maps.offsets.flatten(0, 1).flatten(2)[map_index, :, anchor_index]
    coarse = index_to_xy(anchor_index, width, maps.place, dtype=offsets.dtype) + offsets
    if maps.local_offsets is None:
        return coarse
    x, y = maps.local_offsets.flatten(0, 1).unbind(1)
    local = [sample_points(channel, map_index, coarse, maps.place) for channel in (x, y)]
    return coarse + torch.stack(local, dim=1)


def candidates_within(
    target_xy: Tensor, height: int, width: int, radius: float, place: float | Tensor
) -> tuple[Tensor, Tensor]:
    """Return (target_index, anchor_index), each (P,): all candidates within ``radius`` of a target.

    Args:
        target_xy: (T, 2), stride units; a target far outside the map has no neighbours.
        radius: stride units.
    """
    reach = int(radius) + 1
    steps = torch.arange(-reach, reach + 1, device=target_xy.device)
    nearest = torch.round(target_xy - place)
    # Targets far outside have no neighbour anyway; the clamp keeps the integers small.
    size = torch.tensor([width, height], dtype=nearest.dtype, device=nearest.device)
    nearest = torch.minimum(nearest.clamp(min=-2.0 * reach), size + 2 * reach).long()
    column = nearest[:, :1, None] + steps[None, None, :]
    row = nearest[:, 1:, None] + steps[None, :, None]
    dx = column + place - target_xy[:, 0, None, None]
    dy = row + place - target_xy[:, 1, None, None]
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    near = inside & (dx.square() + dy.square() <= radius**2)
    index = row * width + column
    return torch.nonzero(near)[:, 0], index[near]


def mirror_columns(maps: Tensor, place: float | Tensor = 0.5) -> Tensor:
    """Bring maps of a mirrored image back to the grid of the image.

    The candidate of column j sits at j + place; in the mirror image that point is at
    W - (j + place), which is column W - 2 place - j: a whole one only for places 0 and 0.5, hence
    the linear interpolation. Columns outside the map take the border value.

    Args:
        maps: (..., W). The x component of offsets still has to change its sign.
    """
    flipped = maps.flip(-1)
    last = maps.shape[-1] - 1
    column = torch.arange(last + 1, dtype=maps.dtype, device=maps.device) + (2 * place - 1)
    column = column.clamp(0, last)
    lower = column.floor()
    weight = (column - lower).to(maps.dtype)
    lower = lower.long()
    upper = (lower + 1).clamp(max=last)
    return torch.lerp(flipped[..., lower], flipped[..., upper], weight)
