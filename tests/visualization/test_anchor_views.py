import numpy as np
import pytest
import torch
from detectron2.modeling import build_model
from helpers.crowds import BOTTOM_UP_RULES, CENTER_RULES, bottom_up_config, center_config
from helpers.crowds import make_crowd_sample as make_crowd
from helpers.tiny import RULES, make_sample, tiny_config

from adaanchor_d2.visualization.anchor_views import view_anchors


def crop_case(seed: int, kind: int = 0) -> tuple:
    sample = make_sample(seed)
    return sample, sample["keypoints"].numpy(), kind


def crowd_case(seed: int, person: int, kind: int = 0) -> tuple:
    sample = make_crowd(seed)
    return sample, sample["people_keypoints"][person].numpy(), kind


def build(cfg):
    torch.manual_seed(0)
    return build_model(cfg).eval()


@pytest.mark.parametrize("rule", RULES)
def test_a_crop_is_seen_as_the_model_finds_it(rule):
    model, case = build(tiny_config(rule)), crop_case(0)
    view = view_anchors(model, [case])[0]
    with torch.no_grad():
        person = model([{**case[0], "crop_to_image": np.eye(2, 3)}])[0]["instances"]
    np.testing.assert_allclose(view.found_xy, person.pred_keypoints[0, 0, :2], atol=1e-4)
    np.testing.assert_allclose(view.anchor_xy, person.pred_keypoint_anchors[0, 0], atol=1e-4)
    np.testing.assert_array_equal(view.target_xy, case[1][0, :2])
    np.testing.assert_array_equal(view.image, case[0]["image"].permute(1, 2, 0))
    assert view.is_crop
    if rule == "RegressionAnchor":
        assert view.score is None and not view.maps and np.isnan(view.nearest_xy).all()
        np.testing.assert_allclose(view.selected_xy, [[32, 32]])
    else:
        assert view.score == pytest.approx(float(person.pred_keypoints[0, 0, 2]), abs=1e-6)
        assert view.maps["confidence"].max() == pytest.approx(view.score, abs=0.26)
        assert ("score s" in view.maps) == (rule == "AdaAnchor")


def test_selected_anchors_have_the_highest_scores():
    view = view_anchors(build(tiny_config()), [crop_case(3)])[0]
    assert view.selected_xy.shape == (20, 2)
    columns, rows = (view.selected_xy / view.cell - 0.5).round().astype(int).T
    chosen = view.maps["score s"][rows, columns]
    assert chosen.min() >= np.sort(view.maps["score s"].ravel())[-20]


def test_the_nearest_candidate_is_what_a_heatmap_takes():
    for seed in range(4):
        view = view_anchors(build(tiny_config("HeatmapAnchor")), [crop_case(seed)])[0]
        inside = (view.target_xy >= 0).all() and (view.target_xy < 64).all()
        if inside:
            np.testing.assert_allclose(view.nearest_xy, view.selected_xy[0])


def test_images_of_either_format_are_drawn_in_rgb():
    model, case = build(tiny_config()), crop_case(0)
    rgb, bgr = (view_anchors(model, [case], f)[0].image for f in ("RGB", "BGR"))
    np.testing.assert_array_equal(rgb, bgr[..., ::-1])


@pytest.mark.parametrize("rule", BOTTOM_UP_RULES)
def test_each_persons_keypoint_has_its_own_anchors(rule):
    model = build(bottom_up_config(rule, MODEL__KEYPOINT_HEAD__GAMMA=0.001))
    views = view_anchors(model, [crowd_case(1, person) for person in range(3)])
    for person, view in enumerate(views):
        np.testing.assert_array_equal(view.target_xy, crowd_case(1, person)[1][0, :2])
        np.testing.assert_array_equal(view.found_xy, view.located_xy)
        assert not view.is_crop
    sets = [{tuple(xy) for xy in view.selected_xy if not np.isnan(xy).any()} for view in views]
    assert not sets[0] & sets[1] and not sets[1] & sets[2]


@pytest.mark.parametrize("rule", CENTER_RULES)
def test_single_stage_models_show_the_centre_and_the_poses_keypoint(rule):
    model = build(center_config(rule, MODEL__KEYPOINT_HEAD__GAMMA=0.001))
    if rule == "HeatmapAnchor":
        model.head.predictor.bias.data.fill_(0.2)  # untrained maps are too flat to find anything
    view = view_anchors(model, [crowd_case(1, 2, kind=4)])[0]
    _, keypoints, _ = crowd_case(1, 2)
    labelled = keypoints[keypoints[:, 2] > 0, :2]
    np.testing.assert_allclose(view.target_xy, labelled.mean(axis=0), rtol=1e-5)
    with torch.no_grad():
        sample = {**crowd_case(1, 2)[0], "crop_to_image": np.eye(2, 3)}
        model.decoder.nms_threshold = 0.0  # keeps duplicates
        people = model([sample])[0]["instances"]
    same_anchor = (people.pred_keypoint_anchors[:, 0].numpy() == view.anchor_xy).all(axis=1)
    assert same_anchor.any()
    found = people.pred_keypoints[:, 4, :2].numpy()[same_anchor]
    assert np.abs(found - view.found_xy).sum(axis=1).min() < 1e-3


def test_nothing_located_is_no_place():
    model = build(bottom_up_config(MODEL__KEYPOINT_HEAD__GAMMA=0.999))
    view = view_anchors(model, [crowd_case(1, 0)])[0]
    assert np.isnan(view.found_xy).all() and np.isnan(view.anchor_xy).all() and view.score is None
    assert not np.isnan(view.selected_xy).all()
