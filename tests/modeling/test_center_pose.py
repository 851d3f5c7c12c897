import pytest
import torch
from detectron2.modeling import build_model
from helpers.crowds import (
    CENTER_RULES,
    assert_independent_of_batch,
    assert_people,
    center_config,
    make_crowd_sample,
)
from helpers.tiny import gradients

from adaanchor_d2.errors import InputError
from adaanchor_d2.modeling.network import Network


def with_random_heads(model):
    """Statistics and weights by which maps have peaks above gamma and poses differ."""
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
    samples = [make_crowd_sample(seed) for seed in range(2)]
    with torch.no_grad():
        model.train().dense_maps(model.preprocess_images(samples).tensor)
    for head in (model.head, model.keypoint_head, model.pose_head):
        torch.nn.init.normal_(head.predictor.weight, std=1.0)
    return model


@pytest.mark.parametrize("branch", ["plain", "adaptive"])
@pytest.mark.parametrize("rule", CENTER_RULES)
def test_trains_a_step_and_predicts(rule, branch):
    torch.manual_seed(0)
    config = center_config(rule, MODEL__CENTER__OFFSET_BRANCH=branch)
    model = with_random_heads(build_model(config))
    losses, grads = gradients(model, [make_crowd_sample(i) for i in range(3)])
    assert {"loss_pose_offset", "loss_heatmap_keypoint"} < set(losses)
    assert all(loss.isfinite() and loss > 0 for loss in losses.values())
    assert set(grads) == dict(model.named_parameters()).keys()
    model.eval()
    samples = [make_crowd_sample(0), make_crowd_sample(1, size=(96, 64))]
    with torch.no_grad():
        results = model(samples)
    for result in results:
        assert_people(result)
        instances, rows = result["instances"], result["keypoints"]
        num_people, keypoints = len(instances), instances.pred_keypoints
        scores = keypoints[..., 2]
        assert ((scores >= 0) & (scores <= 1)).all()
        anchors = instances.pred_keypoint_anchors
        assert (anchors == anchors[:, :1]).all()
        assert (instances.scores.diff() <= 0).all()
        torch.testing.assert_close(rows[:, :3], keypoints.flatten(0, 1))
        assert rows[:, 3].tolist() == list(range(17)) * num_people


@pytest.mark.parametrize("rule", CENTER_RULES)
def test_images_without_people_train_as_negatives(rule):
    model = with_random_heads(build_model(center_config(rule)))
    losses, grads = gradients(model, [make_crowd_sample(i, num_people=0) for i in range(2)])
    located = "loss_confidence" if "loss_confidence" in losses else "loss_heatmap"
    assert losses[located] > 0 and losses["loss_heatmap_keypoint"] > 0
    assert losses["loss_pose_offset"] == 0 and losses["loss_pose_offset"].requires_grad
    assert set(grads) == dict(model.named_parameters()).keys()  # all processes reduce the same
    assert all(grad.isfinite().all() for grad in grads.values())
    assert (grads["pose_head.predictor.weight"] == 0).all()


@pytest.mark.parametrize("rule", CENTER_RULES)
def test_nothing_supervised_is_a_zero_loss_with_a_graph(rule):
    model = with_random_heads(build_model(center_config(rule)))
    samples = [make_crowd_sample(i, num_people=0) for i in range(2)]
    for sample in samples:
        sample["ignore_mask"][:] = 1
    losses, grads = gradients(model, samples)
    assert all(loss == 0 for loss in losses.values())
    assert grads and all((grad == 0).all() for grad in grads.values())


@pytest.mark.parametrize("rule", CENTER_RULES)
def test_a_center_outside_the_image_is_a_target(rule):
    """A person cut by the left border: the centre of the labelled keypoints lies 2 px outside."""
    torch.manual_seed(0)
    model = build_model(center_config(rule, MODEL__CENTER__OFFSET_RADIUS=0.0))
    sample = make_crowd_sample(0, num_people=1)
    people = sample["people_keypoints"]
    people[..., 2] = 0
    people[0, 0] = torch.tensor([6.0, 30.0, 2.0])
    people[0, 5] = torch.tensor([-10.0, 30.0, 1.0])
    targets = model.people_targets([sample]).centers()
    assert (targets.xy * 4).tolist() == [[-2, 30]]
    losses = model([sample])
    assert losses["loss_pose_offset"] > 0
    maps = model.dense_maps(model.preprocess_images([sample]).tensor)
    anchors = model.head.label(maps.centers, targets).anchor_index
    assert (anchors[anchors >= 0] % 16 < 8).all() and (anchors >= 0).any()


def test_pose_offsets_are_learnt_where_the_rule_says():
    """The gradient of the offsets lies at the anchors, at labelled types, and nowhere else."""
    model = build_model(center_config("FixAnchor", MODEL__KEYPOINT_HEAD__NUM_ANCHORS=3))
    sample = make_crowd_sample(0, num_people=1)
    people = sample["people_keypoints"]
    people[..., 2] = 0
    people[0, 3] = torch.tensor([22.0, 18.0, 2.0])
    people[0, 9] = torch.tensor([38.0, 30.0, 1.0])
    maps = model.dense_maps(model.preprocess_images([sample]).tensor)
    maps.offsets.retain_grad()
    model.losses(maps, [sample])["loss_pose_offset"].backward()
    learnt = (maps.offsets.grad[0] != 0).any(dim=1)
    assert learnt.flatten(1).any(dim=1).nonzero().flatten().tolist() == [3, 9]
    rows, columns = learnt[3].nonzero().unbind(1)
    assert torch.equal(learnt[3], learnt[9]) and len(rows) == 3
    centers = 4 * torch.stack((columns, rows), dim=1) + 2
    assert ((centers - torch.tensor([30, 24])).abs() <= 6).all()


@pytest.mark.parametrize("rule", CENTER_RULES)
def test_every_gamma_is_what_a_model_of_that_gamma_gives(rule):
    """From one network pass."""
    torch.manual_seed(0)
    gammas = {"MODEL__KEYPOINT_HEAD__GAMMA": 0.2, "TEST__GAMMAS": (0.05, 0.6)}
    model = with_random_heads(build_model(center_config(rule, **gammas))).eval()
    calls = []
    model.backbone.register_forward_hook(lambda *_: calls.append(1))
    samples = [make_crowd_sample(0), make_crowd_sample(1)]
    with torch.no_grad():
        results = model(samples)
    assert len(calls) == 1
    counts = []
    for gamma in (0.05, 0.2, 0.6):
        other = build_model(center_config(rule, MODEL__KEYPOINT_HEAD__GAMMA=gamma)).eval()
        other.load_state_dict(model.state_dict())
        with torch.no_grad():
            expected = other(samples)
        for result, single in zip(results, expected, strict=True):
            own = gamma == 0.2
            rows = result["keypoints"] if own else result["keypoints_by_gamma"][gamma]
            found = result["instances"] if own else result["instances_by_gamma"][gamma]
            torch.testing.assert_close(rows, single["keypoints"])
            torch.testing.assert_close(found.pred_keypoints, single["instances"].pred_keypoints)
            torch.testing.assert_close(found.scores, single["instances"].scores)
        counts.append(sum(len(single["instances"]) for single in expected))
    assert counts[0] >= counts[1] >= counts[2] and counts[0] > counts[2]


@pytest.mark.parametrize("rule", CENTER_RULES)
def test_images_do_not_depend_on_their_batch(rule):
    torch.manual_seed(0)
    model = with_random_heads(build_model(center_config(rule))).eval()
    assert_independent_of_batch(model)


def test_nobody_found():
    gammas = {"MODEL__KEYPOINT_HEAD__GAMMA": 0.9, "TEST__GAMMAS": (0.95,)}
    model = build_model(center_config(**gammas)).eval()
    with torch.no_grad():
        (result,) = model([make_crowd_sample(0, num_people=0)])
    assert len(result["instances"]) == 0 and result["keypoints"].shape == (0, 4)
    assert result["instances"].pred_keypoints.shape == (0, 17, 3)
    assert result["instances"].pred_boxes.tensor.shape == (0, 4)
    assert len(result["instances_by_gamma"][0.95]) == 0


def test_without_keypoint_heatmaps():
    overrides = {"MODEL__CENTER__KEYPOINT_HEATMAPS": False, "TEST__RESCORE": False}
    model = build_model(center_config(**overrides))
    assert not any(name.startswith("keypoint_head") for name in model.state_dict())
    losses, _ = gradients(model, [make_crowd_sample(0)])
    assert set(losses) == {"loss_confidence", "loss_offset", "loss_local", "loss_pose_offset"}
    with torch.no_grad():
        (result,) = model.eval()([make_crowd_sample(0)])
    scores = result["instances"].pred_keypoints[..., 2]
    assert (scores == scores[:, :1]).all()


def test_loss_weights():
    weights = {"MODEL__CENTER__KEYPOINT_LOSS_WEIGHT": 0.5, "MODEL__CENTER__OFFSET_LOSS_WEIGHT": 0.3}
    model, other = build_model(center_config()), build_model(center_config(**weights))
    other.load_state_dict(model.state_dict())
    losses, others = (m([make_crowd_sample(0)]) for m in (model, other))
    ratio = {name: (others[name] / losses[name]).item() for name in losses}
    assert ratio.pop("loss_heatmap_keypoint") == pytest.approx(0.5)
    assert ratio.pop("loss_pose_offset") == pytest.approx(10)
    assert set(ratio.values()) == {1.0}


def test_the_network_is_all_that_is_computed():
    model = build_model(center_config(MODEL__CENTER__OFFSET_BRANCH="adaptive")).eval()
    network = Network(model)
    shapes = [tuple(output.shape[1:]) for output in network(torch.zeros(1, 3, 64, 64))]
    anchor_maps = [(1, 16, 16), (1, 2, 16, 16), (1, 2, 16, 16)]
    assert shapes == [*anchor_maps, (17, 2, 16, 16), (17, 16, 16)]
    counted = sum(p.numel() for p in network.parameters())
    assert counted == sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize(
    ("rule", "override", "sentence"),
    [
        ("RegressionAnchor", {}, "RegressionAnchor locates one .* does not serve CenterPose"),
        ("HigherHeatmapAnchor", {}, "MODEL.META_ARCHITECTURE BottomUpPose"),
        ("AdaAnchor", {"TEST__FLIP": True}, "TEST.FLIP is not offered by CenterPose"),
        ("AdaAnchor", {"TEST__GAMMAS": (0.5, 0.0)}, "between 0 and 1, but one is 0.0"),
        ("AdaAnchor", {"MODEL__CENTER__OFFSET_BRANCH": "x"}, "adaptive or plain, not 'x'"),
        ("AdaAnchor", {"MODEL__CENTER__OFFSET_RADIUS": -1.0}, "OFFSET_RADIUS is -1.0"),
        ("AdaAnchor", {"MODEL__CENTER__OFFSET_LOSS_WEIGHT": -1.0}, "OFFSET_LOSS_WEIGHT is -1.0"),
        ("AdaAnchor", {"MODEL__CENTER__KEYPOINT_LOSS_WEIGHT": -1.0}, "LOSS_WEIGHT is -1.0"),
        ("AdaAnchor", {"MODEL__CENTER__KEYPOINT_SIGMA": 0.0}, "KEYPOINT_SIGMA must be positive"),
        ("AdaAnchor", {"MODEL__CENTER__TRUNK_CHANNELS": 0}, "TRUNK_CHANNELS is 0"),
        ("AdaAnchor", {"TEST__POSE_NMS_THRESHOLD": -0.1}, "POSE_NMS_THRESHOLD is -0.1"),
        ("AdaAnchor", {"TEST__POSE_NMS_NUM_KEYPOINTS": -1}, "POSE_NMS_NUM_KEYPOINTS is -1"),
        ("AdaAnchor", {"MODEL__CENTER__KEYPOINT_HEATMAPS": False}, "TEST.RESCORE True needs"),
    ],
)
def test_bad_config_values_get_a_sentence(rule, override, sentence):
    with pytest.raises(InputError, match=sentence) as error:
        build_model(center_config(rule, **override))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("branch", ["plain", "adaptive"])
def test_mixed_precision(branch):
    torch.manual_seed(0)
    model = build_model(center_config(MODEL__CENTER__OFFSET_BRANCH=branch))
    samples = [make_crowd_sample(0), make_crowd_sample(1)]
    expected = model(samples)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        losses = model(samples)
    for name, loss in losses.items():
        assert loss.dtype == torch.float32
        assert loss.item() == pytest.approx(expected[name].item(), rel=0.1), name


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("TEST__GAMMAS", (0.1, "x"), "all of TEST.GAMMAS must be numbers .* one is 'x'"),
        ("MODEL__CENTER__PLAIN_CHANNELS", 0, "MODEL.CENTER.PLAIN_CHANNELS is 0, but must be at"),
        ("MODEL__CENTER__OFFSET_BLOCKS", -1, "MODEL.CENTER.OFFSET_BLOCKS is -1, but must be at"),
    ],
)
def test_values_that_cannot_serve_get_one_sentence(key, value, sentence):
    with pytest.raises(InputError, match=sentence):
        build_model(center_config("AdaAnchor", **{key: value}))
