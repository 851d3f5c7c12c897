import torch
from detectron2.layers import ShapeSpec

from adaanchor_d2.modeling.anchors import KeypointTargets
from adaanchor_d2.modeling.heads import HeatmapHead, HigherHeatmapHead
from adaanchor_d2.modeling.heads.higher_heatmap_head import HigherMaps
from adaanchor_d2.modeling.losses import render_heatmaps

SHAPE = ShapeSpec(channels=8, stride=4)


def make_targets(xy: torch.Tensor) -> KeypointTargets:
    zeros = torch.zeros(len(xy)).long()
    return KeypointTargets(xy, zeros, zeros, torch.arange(len(xy)))


def test_both_resolutions_find_a_keypoint_at_its_place():
    """Whatever the place: the mean of both heatmaps of a keypoint peaks at the keypoint."""
    for place in (0.5, 0.625):
        head = HigherHeatmapHead(input_shape=SHAPE, num_keypoints=1, rounded=False, place=place)
        assert head.stride == 2 and head.place.item() == 2 * place - 0.5
        for coarse_index in (7.25, 8.5):
            xy = torch.full((1, 2), (coarse_index + place) * 4)
            zero = torch.zeros(1).long()
            coarse = render_heatmaps(xy / 4, zero, 1, 16, 16, 2.0, False, head.coarse.place)
            fine = render_heatmaps(xy / 2, zero, 1, 32, 32, 4.0, False, head.place)
            maps = HigherMaps(coarse[None], fine[None])
            found = head.inference_many(maps, 0.1, 3)
            assert found.valid.sum() == 1
            torch.testing.assert_close(found.xy[0, 0, 0], xy[0], atol=0.51, rtol=0)


def test_losses_are_those_of_a_head_at_each_resolution():
    torch.manual_seed(0)
    head = HigherHeatmapHead(input_shape=SHAPE, num_keypoints=1, place=0.625)
    maps = HigherMaps(torch.rand(1, 1, 8, 8), torch.rand(1, 1, 16, 16))
    targets = make_targets(torch.rand(3, 2) * 16)
    supervised = torch.rand(1, 1, 8, 8).gt(0.3)
    fine_mask = supervised.repeat_interleave(2, 2).repeat_interleave(2, 3)
    losses = head.losses(maps, targets, head.label(maps, targets), fine_mask)
    for name, stride, loss_maps, xy, mask in (
        ("loss_heatmap", 2, maps.fine, targets.xy, fine_mask),
        ("loss_heatmap_coarse", 4, maps.coarse, targets.xy / 2, supervised),
    ):
        shape = ShapeSpec(channels=8, stride=stride)
        place = 0.75 if stride == 2 else 0.625
        single = HeatmapHead(input_shape=shape, num_keypoints=1, place=place)
        there = make_targets(xy)
        expected = single.losses(loss_maps, there, single.label(loss_maps, there), mask)
        torch.testing.assert_close(losses[name], expected["loss_heatmap"])


def test_fine_heatmaps_read_features_heatmaps_and_tags():
    torch.manual_seed(0)
    head = HigherHeatmapHead(input_shape=SHAPE, num_keypoints=2).eval()
    for module in (head.coarse.predictor, head.predictor, head.layers[0][0]):
        torch.nn.init.normal_(module.weight, std=0.3)
    features = torch.randn(1, 10, 8, 8)
    maps = head.predict(features)
    assert maps.coarse.shape == (1, 2, 8, 8) and maps.fine.shape == (1, 2, 16, 16)
    other_tags = torch.cat((features[:, :8], features[:, 8:] + 1), dim=1)
    changed = head.predict(other_tags)
    assert torch.equal(changed.coarse, maps.coarse) and not torch.equal(changed.fine, maps.fine)
