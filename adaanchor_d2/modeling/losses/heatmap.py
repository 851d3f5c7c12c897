"""Gaussian heatmaps and their mean squared error (the heatmap rule)."""

import torch
from torch import Tensor


def render_heatmaps(
    xy: Tensor,
    map_index: Tensor,
    num_maps: int,
    height: int,
    width: int,
    sigma: float,
    rounded: bool,
    place: float | Tensor = 0.5,
) -> Tensor:
    """Draw one Gaussian of height 1 per target, cut at 3 sigma as in SimplePose.

    Args:
        xy: (T, 2), stride units.
        map_index: (T,) int64, the map of each target; targets on one map are joined by maximum.
        num_maps: M.
        sigma: stride units.
        rounded: True moves the centre to the nearest candidate (SimplePose's target).

    Returns:
        (M, H, W).
    """
    centre = xy - place
    if rounded:
        centre = torch.floor(centre + 0.5)
    x = _gaussian(centre[:, 0], width, sigma)
    y = _gaussian(centre[:, 1], height, sigma)
    heatmaps = xy.new_zeros((num_maps, height, width))
    gaussians = y[:, :, None] * x[:, None, :]
    return heatmaps.scatter_reduce_(
        0, map_index[:, None, None].expand_as(gaussians), gaussians, "amax"
    )


def _gaussian(centre: Tensor, size: int, sigma: float) -> Tensor:
    distance = torch.arange(size, dtype=centre.dtype, device=centre.device) - centre[:, None]
    return torch.exp(-distance.square() / (2 * sigma**2)) * (distance.abs() <= 3 * sigma)


def heatmap_mse_loss(heatmaps: Tensor, target: Tensor, supervised: Tensor) -> Tensor:
    """Return ``0.5 * sum((heatmaps - target)^2)`` over supervised candidates (SimplePose's 1/2).

    Args:
        heatmaps, target: (M, H, W); computed in float32 or wider.
        supervised: bool, (M, 1, 1) or (M, H, W).
    """
    heatmaps = heatmaps.to(target.dtype)
    return 0.5 * ((heatmaps - target).square() * supervised).sum()
