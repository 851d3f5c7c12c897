"""Where a candidate sits in its cell: moving the grid and the targets together changes nothing."""

import pytest
import torch
from detectron2.layers import ShapeSpec
from helpers.tiny import tiny_config

from adaanchor_d2.modeling.anchors import KeypointTargets
from adaanchor_d2.modeling.anchors.geometry import candidate_xy, candidates_within, sample_maps
from adaanchor_d2.modeling.heads import build_keypoint_head

STRIDE = 4


@pytest.mark.parametrize("place", [0.0, 0.125])
@pytest.mark.parametrize("rule", ["AdaAnchor", "FixAnchor", "HeatmapAnchor"])
def test_the_grid_and_the_targets_move_together(rule, place):
    torch.manual_seed(0)
    targets = KeypointTargets(
        torch.rand(30, 2) * torch.tensor([9.0, 7.0]) - 0.7,
        torch.arange(30) % 2,
        torch.arange(30) % 3,
    )
    moved = KeypointTargets(targets.xy + place - 0.5, targets.image_index, targets.type_index)
    supervised = torch.ones(2, 3, 1, 1, dtype=torch.bool)
    features = torch.randn(2, 5, 6, 8)
    found = []
    for cell_place, these in ((0.5, targets), (place, moved)):
        cfg = tiny_config(
            rule,
            MODEL__KEYPOINT_HEAD__CELL_PLACE=cell_place,
            MODEL__KEYPOINT_HEAD__NUM_KEYPOINTS=3,
            MODEL__KEYPOINT_HEAD__NUM_ANCHORS=4,
            MODEL__KEYPOINT_HEAD__HEATMAP_CENTER="subpixel",
        )
        head = build_keypoint_head(cfg, ShapeSpec(channels=5, stride=STRIDE)).eval()
        generator = torch.Generator().manual_seed(1)
        torch.nn.init.normal_(head.predictor.weight, generator=generator)
        maps = head.predict(features)
        assignment = head.label(maps, these)
        losses = head.losses(maps, these, assignment, supervised)
        found.append((assignment, losses, head.anchor_places(maps, assignment)))
        found[-1] += (head.inference(maps),)
    (one, one_losses, one_places, one_result), (two, two_losses, two_places, two_result) = found
    assert torch.equal(one.anchor_index, two.anchor_index)
    torch.testing.assert_close(one_losses, two_losses)
    shift = (place - 0.5) * STRIDE
    torch.testing.assert_close(one_places + shift, two_places, equal_nan=True)
    torch.testing.assert_close(one_result.xy + shift, two_result.xy)
    torch.testing.assert_close(one_result.anchor_xy + shift, two_result.anchor_xy)
    torch.testing.assert_close(one_result.score, two_result.score)


@pytest.mark.parametrize("place", [0.0, 0.125])
def test_maps_sampled_at_their_candidates_give_their_values(place):
    maps = torch.randn(2, 3, 4, 5, dtype=torch.float64)
    xy = candidate_xy(4, 5, place, like=maps).expand(2, -1, -1)
    sampled = sample_maps(maps, xy, place)
    torch.testing.assert_close(sampled, maps.flatten(2).transpose(1, 2))


@pytest.mark.parametrize("place", [0.0, 0.9])
@pytest.mark.parametrize("radius", [1.0, 2.0])
def test_candidates_within_equals_a_full_search(radius, place):
    xy = torch.rand(40, 2, dtype=torch.float64) * 16 - 4
    target, index = candidates_within(xy, 6, 8, radius, place)
    distance = torch.cdist(xy, candidate_xy(6, 8, place, like=xy))
    expected = {tuple(pair) for pair in (distance <= radius).nonzero().tolist()}
    assert set(zip(target.tolist(), index.tolist(), strict=True)) == expected
