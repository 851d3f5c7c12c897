import numpy as np
import pytest
import torch
from detectron2.modeling import build_model
from helpers.crowds import (
    BOTTOM_UP_RULES,
    assert_independent_of_batch,
    assert_people,
    bottom_up_config,
    make_crowd_sample,
)
from helpers.tiny import gradients

from adaanchor_d2.errors import InputError
from adaanchor_d2.modeling.anchors import AnchorMaps
from adaanchor_d2.modeling.network import Network


def with_random_heads(model):
    """Weights large enough that maps have peaks above gamma."""
    for head in (model.head, getattr(model.tagger, "head", None)):
        for module in head.modules() if head else ():
            if isinstance(module, torch.nn.Conv2d):
                torch.nn.init.normal_(module.weight, std=0.3)
    return model


@pytest.mark.parametrize("rule", BOTTOM_UP_RULES)
def test_trains_a_step_and_predicts(rule):
    torch.manual_seed(0)
    model = with_random_heads(build_model(bottom_up_config(rule)))
    losses, grads = gradients(model, [make_crowd_sample(i) for i in range(3)])
    assert {"loss_tag_pull", "loss_tag_push"} < set(losses)
    assert all(loss.isfinite() and loss > 0 for loss in losses.values())
    assert set(grads) == dict(model.named_parameters()).keys()
    model.eval()
    samples = [make_crowd_sample(0), make_crowd_sample(1, size=(96, 64))]
    with torch.no_grad():
        results = model(samples)
    for result in results:
        assert_people(result)
        rows, scores = result["keypoints"], result["instances"].pred_keypoints[..., 2]
        assert ((scores == 0) | ((scores >= 0.1 - 1e-6) & (scores <= 1))).all()
        assert rows.shape[1] == 4 and len(rows) >= (scores > 0).sum()
        assert rows[:, 3].max() < 17


@pytest.mark.parametrize("rule", BOTTOM_UP_RULES)
def test_images_without_people_train_as_negatives(rule):
    model = with_random_heads(build_model(bottom_up_config(rule)))
    losses, grads = gradients(model, [make_crowd_sample(i, num_people=0) for i in range(2)])
    negative = "loss_confidence" if "loss_confidence" in losses else "loss_heatmap"
    assert losses[negative] > 0
    assert all(loss == 0 for name, loss in losses.items() if not name.startswith(negative))
    assert all(grad.isfinite().all() for grad in grads.values())
    assert "tagger.head.predictor.weight" in grads  # every process reduces the same parameters


@pytest.mark.parametrize("rule", BOTTOM_UP_RULES)
def test_nothing_supervised_is_a_zero_loss_with_a_graph(rule):
    model = with_random_heads(build_model(bottom_up_config(rule)))
    samples = [make_crowd_sample(i, num_people=0) for i in range(2)]
    for sample in samples:
        sample["ignore_mask"][:] = 1
    losses, grads = gradients(model, samples)
    assert all(loss == 0 for loss in losses.values())
    assert grads and all((grad == 0).all() for grad in grads.values())


@pytest.mark.parametrize(("rule", "columns"), [("AdaAnchor", 9), ("HigherHeatmapAnchor", 17)])
def test_ignored_cells_are_not_supervised(rule, columns):
    """Columns 0 to 6 of stride 4 are covered whole, column 7 by half, which is not enough."""
    model = build_model(bottom_up_config(rule))
    sample = make_crowd_sample(0)
    sample["ignore_mask"][:, :30] = 1
    supervised = model.supervised([sample])[0, 0]
    assert supervised[:, -columns:].all() and not supervised[:, :-columns].any()


@pytest.mark.parametrize("rule", BOTTOM_UP_RULES)
def test_ignored_candidates_have_no_gradient(rule):
    model = with_random_heads(build_model(bottom_up_config(rule)))
    sample = make_crowd_sample(0, num_people=0)
    sample["ignore_mask"][:, :32] = 1
    features = torch.randn(1, 32 + 17 * model.head.reads_tags, 16, 16)
    maps = model.head.predict(features)
    seen = getattr(maps, "confidence_logits", getattr(maps, "fine", maps))
    seen.retain_grad()
    targets = model.keypoint_targets([sample])
    assignment = model.head.label(maps, targets)
    losses = model.head.losses(maps, targets, assignment, model.supervised([sample]))
    sum(losses.values()).backward()
    half = seen.shape[-1] // 2
    assert (seen.grad[..., :half] == 0).all() and (seen.grad[..., half:] != 0).any()


def test_padding_is_not_supervised():
    model = build_model(bottom_up_config())
    samples = [make_crowd_sample(0), make_crowd_sample(1, size=(96, 32))]
    supervised = model.supervised(samples)
    assert supervised.shape == (2, 1, 24, 16)
    assert supervised[0, 0, :16].all() and not supervised[0, 0, 16:].any()
    assert supervised[1, 0, :, :8].all() and not supervised[1, 0, :, 8:].any()


def test_people_of_whom_nothing_is_shown_are_no_targets():
    model = build_model(bottom_up_config())
    sample = make_crowd_sample(0, num_people=3)
    people = sample["people_keypoints"]
    people[1, :, :2] = -50.0
    people[2, :, 2] = 0
    people[2, 4] = torch.tensor([63.9, 0.0, 1.0])
    targets = model.keypoint_targets([make_crowd_sample(1, num_people=1), sample])
    assert targets.image_index.unique().tolist() == [0, 1]
    second = targets.image_index == 1
    assert targets.person_index[second].unique().tolist() == [0, 1]
    labelled = people[0][people[0, :, 2] > 0, :2] / 4
    torch.testing.assert_close(targets.xy[second][: len(labelled)], labelled)
    assert targets.type_index[-1] == 4


def peaks_at(model, places):
    """Maps (1, K, 16, 16) whose only confident candidates are ``places`` [(type, column, row)]."""
    num_types = model.head.num_keypoints
    logits = torch.full((1, num_types, 16, 16), -9.0)
    for number, (kind, column, row) in enumerate(places):
        logits[0, kind, row, column] = 3.0 - 0.1 * number
    return AnchorMaps(logits, torch.zeros(1, num_types, 2, 16, 16), None, model.head.place)


def test_results_lie_in_the_original_image_and_gaps_at_the_mean():
    model = build_model(bottom_up_config(MODEL__TAG__SOURCE="oracle")).eval()
    sample = make_crowd_sample(0, num_people=2)
    people = sample["people_keypoints"]
    people[..., 2] = 2
    people[0, :, :2] = 14.0
    people[1, :, :2] = 50.0
    sample["crop_to_image"] = np.array([[2.0, 0.0, 10.0], [0.0, 3.0, 20.0]])
    maps = peaks_at(model, [(0, 3, 3), (5, 4, 3), (0, 12, 12)])
    (result,) = model.decoder(maps, None, [(64, 64)], [sample])
    keypoints = result["instances"].pred_keypoints
    assert len(keypoints) == 2
    assert keypoints[0, 0, :2].tolist() == [2 * 14 + 10, 3 * 14 + 20]
    assert keypoints[0, 5, :2].tolist() == [2 * 18 + 10, 3 * 14 + 20]
    assert keypoints[0, 9].tolist() == [2 * 16 + 10, 3 * 14 + 20, 0]
    assert result["instances"].pred_boxes.tensor[0].tolist() == [38, 62, 46, 62]
    assert keypoints[1, :, 0].unique().tolist() == [2 * 50 + 10]
    assert result["keypoints"][:, 3].tolist() == [0, 0, 5]
    expected = torch.tensor([3.0, 2.8, 2.9]).sigmoid()
    torch.testing.assert_close(result["keypoints"][:, 2], expected)


def test_keypoints_in_the_padding_are_left_out():
    model = build_model(bottom_up_config(MODEL__TAG__SOURCE="oracle")).eval()
    maps = peaks_at(model, [(0, 3, 3), (0, 12, 3), (0, 3, 12)])
    (result,) = model.decoder(maps, None, [(32, 48)], [make_crowd_sample(0)])
    assert len(result["keypoints"]) == 1


@pytest.mark.parametrize("rule", BOTTOM_UP_RULES)
def test_images_do_not_depend_on_their_batch(rule):
    torch.manual_seed(0)
    model = with_random_heads(build_model(bottom_up_config(rule))).eval()
    assert_independent_of_batch(model)


def test_nobody_found():
    model = build_model(bottom_up_config(TEST__GAMMAS=(0.5,))).eval()
    with torch.no_grad():
        (result,) = model([make_crowd_sample(0, num_people=0)])
    assert len(result["instances"]) == 0 and result["keypoints"].shape == (0, 4)
    assert result["instances"].pred_keypoints.shape == (0, 17, 3)
    assert len(result["instances_by_gamma"][0.5]) == 0


@pytest.mark.parametrize("rule", BOTTOM_UP_RULES)
def test_every_gamma_is_what_a_model_of_that_gamma_gives(rule):
    """From one network pass."""
    torch.manual_seed(0)
    model = with_random_heads(build_model(bottom_up_config(rule, TEST__GAMMAS=(0.05, 0.6)))).eval()
    calls = []
    model.backbone.register_forward_hook(lambda *_: calls.append(1))
    samples = [make_crowd_sample(0), make_crowd_sample(1)]
    with torch.no_grad():
        results = model(samples)
    assert len(calls) == 1
    for gamma in (0.05, 0.6):
        other = build_model(bottom_up_config(rule, MODEL__KEYPOINT_HEAD__GAMMA=gamma)).eval()
        other.load_state_dict(model.state_dict())
        with torch.no_grad():
            expected = other(samples)
        for result, single in zip(results, expected, strict=True):
            torch.testing.assert_close(result["keypoints_by_gamma"][gamma], single["keypoints"])
            found = result["instances_by_gamma"][gamma]
            torch.testing.assert_close(found.pred_keypoints, single["instances"].pred_keypoints)
            torch.testing.assert_close(found.scores, single["instances"].scores)
    assert len(results[0]["keypoints"]) >= len(results[0]["keypoints_by_gamma"][0.6])


@pytest.mark.parametrize("rule", BOTTOM_UP_RULES)
def test_filling_gives_everybody_every_type(rule):
    torch.manual_seed(0)
    model = with_random_heads(build_model(bottom_up_config(rule))).eval()
    samples = [make_crowd_sample(0), make_crowd_sample(1)]
    with torch.no_grad():
        plain = model(samples)
        model.decoder.fills_missing = True
        filled = model(samples)
    for before, after in zip(plain, filled, strict=True):
        before_points, after_points = (r["instances"].pred_keypoints for r in (before, after))
        located = before_points[..., 2] > 0
        assert (after_points[..., 2] > 0).sum() > 1.2 * located.sum()
        assert torch.equal(before_points[located], after_points[located])
        assert torch.equal(before["instances"].scores, after["instances"].scores)
        assert torch.equal(before["keypoints"], after["keypoints"])


def test_gaps_are_filled_by_the_best_candidate_of_the_persons_tag():
    cfg = bottom_up_config(MODEL__TAG__SOURCE="oracle", TEST__FILL_MISSING=True)
    model = build_model(cfg).eval()
    sample = make_crowd_sample(0, num_people=2)
    sample["people_keypoints"][..., 2] = 2
    sample["people_keypoints"][0, :, :2] = 14.0
    sample["people_keypoints"][1, :, :2] = 50.0
    maps = peaks_at(model, [(0, 3, 3), (0, 12, 12)])
    maps.confidence_logits[0, 9, 2, 5] = maps.confidence_logits[0, 9, 11, 13] = -3.0
    (result,) = model.decoder(maps, None, [(64, 64)], [sample])
    points = result["instances"].pred_keypoints[:, 9]
    assert points[:, :2].tolist() == [[2 * 22 + 10, 2 * 10 + 20], [2 * 54 + 10, 2 * 46 + 20]]
    torch.testing.assert_close(points[:, 2], torch.tensor([-3.0, -3.0]).sigmoid())
    assert len(result["keypoints"]) == 2


def test_network_has_heatmaps_and_tags():
    model = build_model(bottom_up_config("HigherHeatmapAnchor")).eval()
    shapes = [output.shape[1:] for output in Network(model)(torch.zeros(1, 3, 64, 64))]
    assert shapes == [(17, 16, 16), (17, 32, 32), (17, 16, 16)]


@pytest.mark.parametrize(
    ("rule", "override", "sentence"),
    [
        ("RegressionAnchor", {}, "RegressionAnchor locates one keypoint per type"),
        ("AdaAnchor", {"TEST__FLIP": True}, "TEST.FLIP is not offered"),
        ("AdaAnchor", {"TEST__GAMMAS": (0.5, 1.5)}, "between 0 and 1, but one is 1.5"),
        ("AdaAnchor", {"TEST__GAMMAS": (0.5, 0.2, 0.5)}, "TEST.GAMMAS names 0.5 more than once"),
        ("AdaAnchor", {"MODEL__MAX_PEOPLE": 0}, "MAX_PEOPLE is 0"),
        ("AdaAnchor", {"MODEL__TAG__JOINT_ORDER": (0, 1)}, "each of the 17 keypoint types once"),
        ("AdaAnchor", {"MODEL__TAG__SOURCE": "x"}, "'x' is unknown; known are frozen, joint"),
        ("AdaAnchor", {"MODEL__TAG__SOURCE": "frozen"}, "needs MODEL.TAG.WEIGHTS"),
        ("HigherHeatmapAnchor", {"MODEL__TAG__SOURCE": "oracle"}, "MODEL.TAG.SOURCE joint"),
        (
            "HigherHeatmapAnchor",
            {"MODEL__META_ARCHITECTURE": "SinglePose"},
            "MODEL.META_ARCHITECTURE BottomUpPose",
        ),
    ],
)
def test_bad_config_values_get_a_sentence(rule, override, sentence):
    with pytest.raises(InputError, match=sentence) as error:
        build_model(bottom_up_config(rule, **override))
    assert "\n" not in str(error.value)
