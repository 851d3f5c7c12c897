"""Poses from maps made by hand."""

import numpy as np
import pytest
import torch
from detectron2.modeling import build_model
from helpers.crowds import CENTER_RULES, center_config, make_crowd_sample

from adaanchor_d2.modeling.anchors import AnchorMaps
from adaanchor_d2.modeling.meta_arch.center_decoder import CenterMaps

SIZE = 16


def make_model(rule="FixAnchor", **overrides):
    return build_model(center_config(rule, **overrides)).eval()


def center_maps(rule, peaks):
    """Maps (1, 1, 16, 16) whose only confident candidates are ``peaks`` {(column, row): height}."""
    heights = torch.zeros(1, 1, SIZE, SIZE)
    for (column, row), height in peaks.items():
        heights[0, 0, row, column] = height
    if rule == "HeatmapAnchor":
        return heights
    logits = heights.clamp(min=1e-4).logit()
    return AnchorMaps(logits, torch.zeros(1, 1, 2, SIZE, SIZE), None, 0.5)


def pose_maps(model, rule, peaks, poses):
    """Maps from which each peak (column, row) reads its pose (17, 2), input pixels."""
    offsets = torch.zeros(1, 17, 2, SIZE, SIZE)
    for (column, row), pose in poses.items():
        offsets[0, :, :, row, column] = pose / 4 - torch.tensor([column + 0.5, row + 0.5])
    return CenterMaps(center_maps(rule, peaks), offsets, torch.ones(1, 17, SIZE, SIZE))


def pose_around(x, y, size=20.0, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(17, 2, generator=generator) * size - size / 2 + torch.tensor([x, y])


@pytest.mark.parametrize("rule", CENTER_RULES)
def test_a_person_is_found_where_it_is(rule):
    model = make_model(rule)
    left, right = pose_around(14.0, 14.0), pose_around(50.0, 40.0, seed=1)
    peaks = {(3, 3): 0.6, (12, 9): 0.8}
    maps = pose_maps(model, rule, peaks, {(3, 3): left, (12, 9): right})
    sample = make_crowd_sample(0)
    sample["crop_to_image"] = np.array([[2.0, 0.0, 10.0], [0.0, 3.0, 20.0]])
    (result,) = model.decoder(maps, [(64, 64)], [sample])
    people = result["instances"]
    torch.testing.assert_close(people.scores, torch.tensor([0.8, 0.6]))
    scale, shift = torch.tensor([2.0, 3.0]), torch.tensor([10.0, 20.0])
    expected = torch.stack([right, left]) * scale + shift
    torch.testing.assert_close(people.pred_keypoints[..., :2], expected)
    anchors = torch.tensor([[4 * 12.5, 4 * 9.5], [4 * 3.5, 4 * 3.5]]) * scale + shift
    torch.testing.assert_close(people.pred_keypoint_anchors[:, 7], anchors)
    boxes = torch.cat((expected.amin(dim=1), expected.amax(dim=1)), dim=1)
    torch.testing.assert_close(people.pred_boxes.tensor, boxes)
    torch.testing.assert_close(result["keypoints"][:17, :2], expected[0])


def test_the_pose_is_read_bilinearly_at_the_refined_centre():
    """The anchor (3, 3) finds its centre 4.25 candidates to the right and 1.5 below."""
    model = make_model()
    maps = pose_maps(model, "FixAnchor", {(3, 3): 0.6}, {})
    maps.centers.offsets[0, 0, :, 3, 3] = torch.tensor([4.25, 1.5])
    maps.offsets[:] = torch.randn(maps.offsets.shape, generator=torch.Generator().manual_seed(0))
    (result,) = model.decoder(maps, [(64, 64)], [make_crowd_sample(0)])
    # At 3.5 + (4.25, 1.5) = (7.75, 5.0): a quarter on from column 7, half between rows 4 and 5.
    near = maps.offsets[0, :, :, 4:6, 7:9]
    read = 0.75 * near[..., 0].mean(dim=2) + 0.25 * near[..., 1].mean(dim=2)
    matrix = torch.as_tensor(make_crowd_sample(0)["crop_to_image"])
    expected = 4 * (torch.tensor([7.75, 5.0]) + read).double()
    expected = expected @ matrix[:, :2].T + matrix[:, 2]
    people = result["instances"]
    torch.testing.assert_close(people.pred_keypoints[0, :, :2], expected.float())
    anchor = matrix[:, :2] @ torch.tensor([14.0, 14.0]).double() + matrix[:, 2]
    torch.testing.assert_close(people.pred_keypoint_anchors[0, 0], anchor.float())


def test_the_heatmaps_rescore():
    model = make_model()
    pose = pose_around(30.0, 30.0)
    pose[4], pose[5] = torch.tensor([18.0, 6.0]), torch.tensor([-40.0, 2.0])
    maps = pose_maps(model, "FixAnchor", {(7, 7): 0.5}, {(7, 7): pose})
    maps.heatmaps[:] = 0
    maps.heatmaps[0, 4, 1, 4] = 0.75  # the centre of this cell is (18, 6)
    maps.heatmaps[0, 5, 0, 0] = 0.5  # outside the map its border counts
    maps.heatmaps[0, 9] = 1.5  # not above 1
    (result,) = model.decoder(maps, [(64, 64)], [make_crowd_sample(0)])
    scores = torch.zeros(17)
    scores[4], scores[5], scores[9] = 0.5 * 0.75, 0.5 * 0.5, 0.5
    torch.testing.assert_close(result["instances"].pred_keypoints[0, :, 2], scores)
    torch.testing.assert_close(result["instances"].scores, scores.mean()[None])
    model.decoder.rescores = False
    (result,) = model.decoder(maps, [(64, 64)], [make_crowd_sample(0)])
    assert result["instances"].scores.tolist() == pytest.approx([0.5])


def test_a_person_found_twice_is_kept_once_by_its_keypoints_heat():
    model = make_model()
    pose = pose_around(30.0, 30.0, size=40.0)
    poses = {(5, 5): pose, (10, 10): pose + 0.5, (14, 2): pose_around(50.0, 12.0, seed=1)}
    maps = pose_maps(model, "FixAnchor", {(5, 5): 0.9, (10, 10): 0.5, (14, 2): 0.3}, poses)
    (result,) = model.decoder(maps, [(64, 64)], [make_crowd_sample(0)])
    assert result["instances"].scores.tolist() == pytest.approx([0.9, 0.3])
    model.decoder.rescores = False
    (result,) = model.decoder(maps, [(64, 64)], [make_crowd_sample(0)])
    assert result["instances"].scores.tolist() == pytest.approx([0.9, 0.3])
    model.decoder.nms_num_keypoints = 17
    (result,) = model.decoder(maps, [(64, 64)], [make_crowd_sample(0)])
    assert len(result["instances"]) == 3


def test_duplicates_are_removed_anew_at_each_gamma():
    """At 0.4 the second pose, hotter than the first, is no candidate any more."""
    model = make_model(MODEL__KEYPOINT_HEAD__GAMMA=0.1, TEST__GAMMAS=(0.4,))
    pose = torch.zeros(17, 2)
    pose[:, 0] = torch.linspace(10, 50, 17)
    pose[:, 1] = 30.0
    low = pose + torch.tensor([0.0, 1.0])
    maps = pose_maps(
        model, "FixAnchor", {(5, 5): 0.9, (10, 10): 0.3}, {(5, 5): pose, (10, 10): low}
    )
    maps.heatmaps[:, :, :7] = 0.0
    maps.heatmaps[:, :, 7] = 0.5  # y from 28 to 32: hotter further down
    (result,) = model.decoder(maps, [(64, 64)], [make_crowd_sample(0)])
    assert result["instances"].scores[0] < 0.3
    assert result["instances_by_gamma"][0.4].scores[0] == pytest.approx(0.45)
    assert len(result["instances"]) == len(result["instances_by_gamma"][0.4]) == 1


def test_people_found_from_the_padding_are_left_out():
    model = make_model()
    pose = pose_around(14.0, 14.0)
    peaks = {(3, 3): 0.6, (12, 3): 0.7, (3, 12): 0.8}
    maps = pose_maps(model, "FixAnchor", peaks, {(3, 3): pose, (12, 3): pose, (3, 12): pose})
    (result,) = model.decoder(maps, [(32, 48)], [make_crowd_sample(0)])
    assert result["instances"].scores.tolist() == pytest.approx([0.6])


def test_at_most_so_many_people():
    model = make_model(MODEL__MAX_PEOPLE=2)
    peaks = {(3, 3): 0.6, (12, 3): 0.7, (3, 12): 0.8}
    poses = {place: pose_around(8.0 * i, 30.0, seed=i) for i, place in enumerate(peaks)}
    (result,) = model.decoder(
        pose_maps(model, "FixAnchor", peaks, poses), [(64, 64)], [make_crowd_sample(0)]
    )
    assert result["instances"].scores.tolist() == pytest.approx([0.8, 0.7])
