"""Maps of the mirror image, brought back, are the maps of the image."""

import pytest
import torch
from detectron2.layers import ShapeSpec

from adaanchor_d2.modeling.anchors import AnchorMaps
from adaanchor_d2.modeling.anchors.geometry import candidate_xy, mirror_columns
from adaanchor_d2.modeling.heads import FixAnchor, HeatmapHead

HEIGHT, WIDTH = 6, 8
FLIP = [0, 2, 1]
# One point for each type, stride units.
POINTS = torch.tensor([[3.3, 2.6], [5.1, 1.2], [1.7, 4.4]], dtype=torch.float64)
PLACES = (0.5, 0.125, 0.75, 0.0)


def mirrored_points() -> torch.Tensor:
    return torch.stack((WIDTH - POINTS[FLIP, 0], POINTS[FLIP, 1]), dim=1)


def to_points(points: torch.Tensor, place: float) -> torch.Tensor:
    """(1, 3, 2, H, W): from every candidate to the point of each type."""
    candidates = candidate_xy(HEIGHT, WIDTH, place, like=points)
    offsets = points[:, :, None] - candidates.T
    return offsets.unflatten(2, (HEIGHT, WIDTH))[None]


@pytest.mark.parametrize("place", PLACES)
def test_columns_are_found_where_the_mirror_puts_them(place):
    """A map that is linear in x is interpolated exactly, save where the grid ends."""
    x = candidate_xy(HEIGHT, WIDTH, place, like=POINTS)[:, 0].view(HEIGHT, WIDTH)
    source = WIDTH - x
    inside = (source >= place) & (source <= WIDTH - 1 + place)
    assert inside.sum() >= HEIGHT * (WIDTH - 1)
    torch.testing.assert_close(mirror_columns(x, place)[inside], source[inside])


def test_centred_grid_is_flipped_to_the_bit():
    maps = torch.randn(2, 3, HEIGHT, WIDTH)
    assert torch.equal(mirror_columns(maps, 0.5), maps.flip(-1))


@pytest.mark.parametrize("place", PLACES)
def test_offsets_of_image_and_mirror_image_agree(place):
    head = FixAnchor(
        input_shape=ShapeSpec(channels=1, stride=4), num_keypoints=3, assigner=None, place=place
    ).double()
    logits = torch.zeros(1, 3, HEIGHT, WIDTH, dtype=torch.float64)
    maps, mirrored = (
        AnchorMaps(logits, to_points(points, place), to_points(points, place), place)
        for points in (POINTS, mirrored_points())
    )
    merged = head.merge_mirrored(maps, mirrored, FLIP)
    inner = slice(1, WIDTH - 1)
    for offsets in (merged.offsets, merged.local_offsets):
        torch.testing.assert_close(offsets[..., inner], maps.offsets[..., inner])
    assert merged.place == place


@pytest.mark.parametrize("place", PLACES)
def test_heatmaps_of_image_and_mirror_image_agree(place):
    """Wide Gaussians by the rule of the place; what remains is linear interpolation's error."""
    head = HeatmapHead(input_shape=ShapeSpec(channels=1, stride=4), num_keypoints=3, place=place)
    heatmaps, mirrored = (
        torch.exp(-to_points(points, place).square().sum(dim=2) / (2 * 4.0**2))
        for points in (POINTS, mirrored_points())
    )
    merged = head.merge_mirrored(heatmaps, mirrored, FLIP)
    inner = slice(1, WIDTH - 1)
    torch.testing.assert_close(merged[..., inner], heatmaps[..., inner], rtol=0, atol=0.005)
    assert (heatmaps - mirrored[:, FLIP].flip(-1)).abs().max() > 0.05 or place == 0.5
