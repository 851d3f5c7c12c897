"""The output that scores and chooses nothing: its targets, its gradients, where it is reported."""

import math

import numpy as np
import pytest
import torch
from detectron2.layers import ShapeSpec
from detectron2.modeling import build_model
from helpers.crowds import bottom_up_config, center_config, make_crowd_sample
from helpers.tiny import gradients, make_sample, tiny_config

from adaanchor_d2.engine.checkpointer import SafeCheckpointer
from adaanchor_d2.errors import InputError
from adaanchor_d2.modeling.anchors import AnchorMaps, FixedAnchorAssigner, KeypointTargets
from adaanchor_d2.modeling.heads import AnchorHead, build_keypoint_head

STRIDE, HEIGHT, WIDTH = 4, 5, 6
QUALITY = {"MODEL__KEYPOINT_HEAD__QUALITY": True}


def make_head(num_anchors=2, sigma=1.0):
    return AnchorHead(
        input_shape=ShapeSpec(channels=3, stride=STRIDE),
        num_keypoints=2,
        assigner=FixedAnchorAssigner(num_anchors),
        quality_sigma=sigma,
    )


def make_maps():
    """Every candidate estimates its own place; quality is 0.5 everywhere."""
    offsets = torch.zeros(1, 2, 2, HEIGHT, WIDTH)
    logits = torch.full((1, 2, HEIGHT, WIDTH), -5.0)
    return AnchorMaps(logits, offsets, None, 0.5, torch.zeros(1, 2, HEIGHT, WIDTH))


def make_targets(*rows):
    x, y, kind = zip(*rows, strict=True)
    kind = torch.tensor(kind)
    return KeypointTargets(torch.tensor([x, y]).T, torch.zeros_like(kind), kind)


def quality_loss(head, maps, targets, supervised=None):
    if supervised is None:
        supervised = torch.ones(1, 1, 1, 1, dtype=torch.bool)
    assignment = head.label(maps, targets)
    return head.losses(maps, targets, assignment, supervised)["loss_quality"]


def targets_of(head, maps, targets, **options):
    """{(type, candidate): (how often, r)} from the gradient of the loss: (0.5 - r) a time."""
    maps.quality_logits.requires_grad_()
    quality_loss(head, maps, targets, **options).backward()
    return maps.quality_logits.grad.flatten(2)[0]


def test_the_quality_learns_how_accurate_estimates_are():
    """Two anchors of the target, and the two most confident candidates, one of them far off."""
    head, maps = make_head(), make_maps()
    maps.confidence_logits[0, 1, 4, 5] = 3.0
    maps.confidence_logits[0, 1, 1, 2] = 2.0
    maps.offsets[0, 1, :, 1, 2] = torch.tensor([0.5, 0.0])
    supervised = torch.tensor([False, True])[None, :, None, None]
    # The nearest candidates are (column 2, row 1), which estimates (3, 1.5), and (3, 1) at 3.5.
    gradient = targets_of(head, maps, make_targets((3.0, 1.5, 1)), supervised=supervised)
    expected = torch.zeros(2, HEIGHT * WIDTH)
    expected[1, 6 + 2] = 2 * (0.5 - 1.0)  # an anchor, and one of the most confident
    expected[1, 6 + 3] = 0.5 - math.exp(-0.25 / 2)
    expected[1, 24 + 5] = 0.5 - math.exp(-(2.5**2 + 3**2) / 2)
    torch.testing.assert_close(gradient, expected / 4)


def test_sigma_is_its_own():
    head, maps = make_head(num_anchors=1, sigma=0.5), make_maps()
    maps.confidence_logits[0, 0, 1, 3] = 2.0
    gradient = targets_of(head, maps, make_targets((3.0, 1.5, 0)))
    r = math.exp(-0.25 / (2 * 0.25))
    # Candidates (2, 1) and (3, 1) are equally near: the lower is the anchor.
    assert gradient[0, 6 + 2].item() == pytest.approx((0.5 - r) / 3)
    assert gradient[0, 6 + 3].item() == pytest.approx((0.5 - r) / 3)


def test_maps_without_a_target_are_bad_and_unsupervised_ones_silent():
    head, maps = make_head(num_anchors=1), make_maps()
    maps.confidence_logits[0, 1, 0, 0] = 1.0
    gradient = targets_of(head, maps, make_targets((0.5, 0.5, 0)))
    # One anchor, one most confident candidate a map.
    assert gradient[1, 0].item() == pytest.approx(0.5 / 3) and gradient[1, 1:].abs().sum() == 0
    maps = make_maps()
    supervised = torch.tensor([True, False])[None, :, None, None]
    gradient = targets_of(head, maps, make_targets((0.5, 0.5, 0)), supervised=supervised)
    assert gradient[1].abs().sum() == 0


def test_of_several_targets_the_nearest_counts():
    head, maps = make_head(num_anchors=1), make_maps()
    maps.confidence_logits[0, 0, 3, 3] = 1.0  # at (3.5, 3.5)
    targets = make_targets((0.5, 0.5, 0), (3.5, 2.5, 0))
    gradient = targets_of(head, maps, targets)
    # Two anchors, and the most confident of each of two maps.
    assert gradient[0, 18 + 3].item() == pytest.approx((0.5 - math.exp(-0.5)) / 4)


def test_nothing_to_learn_is_a_zero_with_a_graph():
    head, maps = make_head(), make_maps()
    maps.quality_logits.requires_grad_()
    none = KeypointTargets(torch.zeros(0, 2), *torch.zeros(2, 0, dtype=torch.long))
    loss = quality_loss(head, maps, none, torch.zeros(1, 1, 1, 1, dtype=torch.bool))
    loss.backward()
    assert loss == 0 and maps.quality_logits.grad.abs().sum() == 0


def test_no_gradient_reaches_what_is_scored():
    head = make_head()
    torch.nn.init.normal_(head.predictor.weight)
    features = torch.randn(1, 3, HEIGHT, WIDTH, requires_grad=True)
    quality_loss(head, head.predict(features), make_targets((3.0, 1.5, 0))).backward()
    assert features.grad is None and head.predictor.weight.grad is None
    assert head.quality.predictor.weight.grad.abs().sum() > 0


@pytest.mark.parametrize("rule", ["AdaAnchor", "FixAnchor"])
def test_all_else_trains_as_without(rule):
    """The same losses and gradients, to the bit."""
    models = []
    for options in ({}, QUALITY):
        torch.manual_seed(0)
        models.append(build_model(tiny_config(rule, **options)))
    samples = [make_sample(seed) for seed in range(2)]
    (losses, grads), (with_losses, with_grads) = (gradients(m, samples) for m in models)
    assert with_losses.pop("loss_quality") > 0
    assert {name: loss.item() for name, loss in with_losses.items()} == {
        name: loss.item() for name, loss in losses.items()
    }
    own = {name for name in with_grads if name.startswith("head.quality.")}
    assert with_grads.keys() - own == grads.keys()
    assert own == {"head.quality.predictor.weight", "head.quality.predictor.bias"}
    assert all(torch.equal(with_grads[name], grad) for name, grad in grads.items())


@pytest.mark.parametrize("config", [bottom_up_config, center_config])
def test_models_of_whole_images_train(config):
    model = build_model(config("AdaAnchor", **QUALITY))
    for num_people in (3, 0):
        losses, grads = gradients(model, [make_crowd_sample(i, num_people) for i in range(2)])
        assert losses["loss_quality"].isfinite() and losses["loss_quality"] > 0
        assert grads["head.quality.predictor.bias"].abs().sum() > 0


def test_checkpoints(tmp_path):
    """Without the switch nothing is added; weights without quality can start a run with it."""
    without, with_quality = (build_model(tiny_config(**o)) for o in ({}, QUALITY))
    added = with_quality.state_dict().keys() - without.state_dict().keys()
    assert added == {"head.quality.predictor.weight", "head.quality.predictor.bias"}
    torch.save({"model": without.state_dict()}, tmp_path / "old.pth")
    optimizer = torch.optim.SGD(with_quality.parameters(), lr=0.1)
    checkpointer = SafeCheckpointer(with_quality, str(tmp_path), optimizer=optimizer)
    checkpointer.load(str(tmp_path / "old.pth"), checkpointables=[])
    loaded = with_quality.state_dict()
    assert all(torch.equal(loaded[key], value) for key, value in without.state_dict().items())


@torch.no_grad()
def test_the_quality_is_the_score_and_the_confidence_chooses():
    torch.manual_seed(0)
    model = build_model(tiny_config(**QUALITY)).eval()
    for module in (model.head.predictor, model.head.quality.predictor):
        torch.nn.init.normal_(module.weight, std=0.5)
    sample = {**make_sample(0), "crop_to_image": np.eye(2, 3)}
    found = model([sample])[0]["instances"]
    maps = model.dense_maps(model.preprocess_images([sample]))
    best = maps.confidence_logits.flatten(2).argmax(dim=2, keepdim=True)
    quality = maps.quality_logits.sigmoid().flatten(2).gather(2, best)
    torch.testing.assert_close(found.pred_keypoints[0, :, 2], quality[0, :, 0])
    model.head.quality = None
    without = model([sample])[0]["instances"]
    assert torch.equal(without.pred_keypoints[..., :2], found.pred_keypoints[..., :2])
    assert not torch.equal(without.pred_keypoints[..., 2], found.pred_keypoints[..., 2])


def located_many(model, num_consensus):
    model.head.num_consensus = num_consensus
    maps = model.dense_maps(model.preprocess_images([make_crowd_sample(0)]).tensor)
    maps = maps[0] if isinstance(maps, tuple) else maps.centers
    return maps, model.head.inference_many(maps, 0.3)


@pytest.mark.parametrize("num_consensus", [1, 5])
@pytest.mark.parametrize("config", [bottom_up_config, center_config])
@torch.no_grad()
def test_gamma_compares_the_confidence(config, num_consensus):
    torch.manual_seed(0)
    model = build_model(config("AdaAnchor", **QUALITY)).eval()
    for module in (model.head.predictor, model.head.quality.predictor):
        torch.nn.init.normal_(module.weight, std=0.5)
        torch.nn.init.constant_(module.bias, -0.5)
    maps, located = located_many(model, num_consensus)
    valid = located.valid
    assert valid.any() and (located.score[valid] >= 0.3).all()
    assert (located.reported_score[~valid] == 0).all()
    cell = (located.anchor_xy / model.head.stride - 0.5).long()
    index = cell[..., 1] * maps.offsets.shape[-1] + cell[..., 0]
    quality = maps.quality_logits.sigmoid().flatten(2).gather(2, index)
    torch.testing.assert_close(located.quality[valid], quality[valid])
    assert (located.quality[valid] != located.score[valid]).all()


@torch.no_grad()
def test_people_report_the_quality():
    torch.manual_seed(0)
    model = build_model(bottom_up_config("AdaAnchor", **QUALITY)).eval()
    torch.nn.init.zeros_(model.head.predictor.bias)
    for module in (model.head.predictor, model.tagger.head.predictor):
        torch.nn.init.normal_(module.weight, std=0.3)
    torch.nn.init.constant_(model.head.quality.predictor.bias, -2.0)
    torch.nn.init.zeros_(model.head.quality.predictor.weight)
    result = model([make_crowd_sample(0)])[0]
    scores = result["instances"].pred_keypoints[..., 2]
    expected = torch.tensor(-2.0).sigmoid()
    assert (scores > 0).any()
    torch.testing.assert_close(scores[scores > 0], expected.expand_as(scores[scores > 0]))
    torch.testing.assert_close(result["keypoints"][:, 2].mean(), expected)
    share = (scores > 0).float().mean(dim=1)
    torch.testing.assert_close(result["instances"].scores, share * expected)


def test_the_flip_test_averages_it():
    cfg = tiny_config(MODEL__KEYPOINT_HEAD__NUM_KEYPOINTS=3, **QUALITY)
    head = build_keypoint_head(cfg, ShapeSpec(channels=5, stride=4))
    one, two = (head.predict(torch.randn(2, 5, 4, 6)) for _ in range(2))
    one.quality_logits, two.quality_logits = torch.randn(2, 2, 3, 4, 6)
    merged = head.merge_mirrored(one, two, [0, 2, 1]).quality_logits.sigmoid()
    unflipped = two.quality_logits[:, [0, 2, 1]].flip(-1).sigmoid()
    torch.testing.assert_close(merged, (one.quality_logits.sigmoid() + unflipped) / 2)


@pytest.mark.parametrize(
    ("rule", "options", "sentence"),
    [
        ("HeatmapAnchor", QUALITY, "QUALITY True needs .* with HeatmapAnchor set it to False"),
        ("RegressionAnchor", QUALITY, "QUALITY True needs .* with RegressionAnchor set it to"),
        ("FixAnchor", {"MODEL__KEYPOINT_HEAD__QUALITY_SIGMA": 0.0}, "QUALITY_SIGMA must be pos"),
    ],
)
def test_what_has_no_quality_says_so(rule, options, sentence):
    with pytest.raises(InputError, match=sentence) as error:
        build_model(tiny_config(rule, **options))
    assert "\n" not in str(error.value)
