import numpy as np
import pytest
import timm
import torch
import torchvision
from detectron2.modeling import build_model
from helpers.tiny import RULES, gradients, make_sample, tiny_config

from adaanchor_d2.errors import InputError
from adaanchor_d2.modeling.backbone import TimmBackbone
from adaanchor_d2.modeling.heads import KEYPOINT_HEAD_REGISTRY
from adaanchor_d2.modeling.meta_arch import FlipTest
from adaanchor_d2.modeling.network import Network


@pytest.mark.parametrize("rule", RULES)
def test_trains_a_step_and_predicts(rule):
    torch.manual_seed(0)
    model = build_model(tiny_config(rule))
    losses, grads = gradients(model, [make_sample(i) for i in range(3)])
    assert all(loss.isfinite() and loss > 0 for loss in losses.values())
    assert any(grad.abs().sum() > 0 for grad in grads.values())
    model.eval()
    with torch.no_grad():
        results = model([make_sample(i) for i in range(2)])
    instances = results[0]["instances"]
    assert instances.image_size == (400, 300)
    assert instances.pred_keypoints.shape == (1, 17, 3)
    assert instances.pred_keypoint_anchors.shape == (1, 17, 2)
    assert instances.scores.tolist() == [0.75]
    scores = instances.pred_keypoints[..., 2]
    assert ((scores >= 0) & (scores <= 1)).all()
    if not KEYPOINT_HEAD_REGISTRY.get(rule).has_confidence:
        assert (scores == 1).all()


@pytest.mark.parametrize("rule", RULES)
def test_samples_without_a_label_cost_nothing(rule):
    model = build_model(tiny_config(rule))
    sample = make_sample(0)
    sample["keypoints"][:, 2] = 0
    losses, grads = gradients(model, [sample, sample])
    assert all(loss == 0 for loss in losses.values())
    assert all(grad.isfinite().all() for grad in grads.values())


@pytest.mark.parametrize("rule", ["AdaAnchor", "HeatmapAnchor", "RegressionAnchor"])
def test_unlabelled_types_are_not_supervised(rule):
    """The maps of a type with v = 0 get no gradient, wherever its coordinates point."""
    torch.manual_seed(0)
    model = build_model(tiny_config(rule))
    sample = make_sample(1)
    sample["keypoints"][3] = torch.tensor([30.0, 30.0, 0.0])
    gradients(model, [sample, sample])
    grad = model.head.predictor.bias.grad
    if rule == "RegressionAnchor":
        rows = grad[6:8]
    elif rule == "HeatmapAnchor":
        rows = grad[3:4]
    else:
        rows = torch.cat((grad[3:4], grad[17 + 6 : 17 + 8], grad[51 + 6 : 51 + 8]))
    assert rows.abs().sum() == 0
    assert grad.abs().sum() > 0


def test_keypoints_outside_the_crop_are_targets():
    model = build_model(tiny_config())
    sample = make_sample(2)
    sample["keypoints"][:] = torch.tensor([-90.0, 500.0, 1.0])
    targets, supervised = model.keypoint_targets([sample])
    assert len(targets) == 17 and supervised.all()
    assert targets.xy[0].tolist() == [-90.0 / model.head.stride, 500.0 / model.head.stride]


def test_images_are_normalized_per_channel():
    cfg = tiny_config(MODEL__PIXEL_MEAN=[10.0, 20.0, 30.0], MODEL__PIXEL_STD=[1.0, 2.0, 4.0])
    sample = make_sample(0)
    sample["image"] = torch.full((3, 64, 64), 110, dtype=torch.uint8)
    images = build_model(cfg).preprocess_images([sample])
    assert images.shape == (1, 3, 64, 64)
    assert images.amin(dim=(2, 3)).tolist() == images.amax(dim=(2, 3)).tolist() == [[100, 45, 20]]


def test_results_lie_where_the_crop_lies():
    """x and y of a keypoint in the image: crop_to_image applied to its place in the crop."""
    model = build_model(tiny_config("RegressionAnchor")).eval()
    torch.nn.init.zeros_(model.head.predictor.weight)  # so every keypoint is at the centre
    sample = make_sample(0)
    sample["crop_to_image"] = np.array([[2.0, 0.5, 10.0], [-0.5, 3.0, 20.0]])
    with torch.no_grad():
        instances = model([sample])[0]["instances"]
    expected = [2.0 * 32 + 0.5 * 32 + 10.0, -0.5 * 32 + 3.0 * 32 + 20.0]
    assert instances.pred_keypoints[0, 5, :2].tolist() == expected
    assert instances.pred_keypoint_anchors[0, 5].tolist() == expected
    assert instances.pred_boxes.tensor.tolist() == [sample["person_box"]]


def test_warm_up_uses_the_nearest_candidates():
    model = build_model(tiny_config(MODEL__KEYPOINT_HEAD__FIXED_ITERS=10))
    head = model.head
    targets, _ = model.keypoint_targets([make_sample(3)])
    torch.nn.init.normal_(head.predictor.weight, std=1.0)
    maps = head.predict(torch.randn(1, 16, 16, 16))
    fixed = head.warmup_assigner(maps, targets)
    adaptive = head.assigner(maps, targets)
    assert not torch.equal(fixed.anchor_index, adaptive.anchor_index)
    assert torch.equal(head.label(maps, targets).anchor_index, fixed.anchor_index)
    head.set_iteration(9)
    assert torch.equal(head.label(maps, targets).anchor_index, fixed.anchor_index)
    head.eval()
    assert torch.equal(head.label(maps, targets).anchor_index, adaptive.anchor_index)
    head.train().set_iteration(10)
    assert torch.equal(head.label(maps, targets).anchor_index, adaptive.anchor_index)


@pytest.mark.parametrize("rule", RULES)
def test_results_are_mapped_through_the_crop(rule):
    """Doubling crop_to_image doubles distances in the image, anchors included."""
    torch.manual_seed(0)
    model = build_model(tiny_config(rule)).eval()
    sample, other = make_sample(4), make_sample(4)
    other["crop_to_image"] = sample["crop_to_image"] * 2
    with torch.no_grad():
        first, second = (r["instances"] for r in model([sample, other]))
    torch.testing.assert_close(second.pred_keypoints[..., :2], first.pred_keypoints[..., :2] * 2)
    torch.testing.assert_close(second.pred_keypoint_anchors, first.pred_keypoint_anchors * 2)


@pytest.mark.parametrize("rule", RULES)
def test_flip_test_of_a_mirror_image_is_the_mirror_result(rule):
    torch.manual_seed(0)
    model = build_model(tiny_config(rule)).eval()
    for module in (model.head.predictor, model.neck.layers[0]):
        torch.nn.init.normal_(module.weight, std=0.3)
    flip = [0, *(i + 1 if i % 2 else i - 1 for i in range(1, 17))]
    sample = make_sample(5)
    sample["crop_to_image"] = sample["crop_to_image"] * 0 + [[1, 0, 0], [0, 1, 0]]
    mirrored = {**sample, "image": sample["image"].flip(-1)}
    with torch.no_grad():
        one, two = (
            r["instances"].pred_keypoints[0] for r in FlipTest(model, flip)([sample, mirrored])
        )
    expected = one[flip]
    expected[:, 0] = 64 - expected[:, 0]
    torch.testing.assert_close(two, expected, rtol=1e-3, atol=1e-2)


def test_half_precision_keeps_maps_in_float32():
    model = build_model(tiny_config())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        features = model.neck(model.backbone(model.preprocess_images([make_sample(6)] * 2)))
        maps = model.head.predict(features)
        losses = model([make_sample(6)] * 2)
    assert features.dtype == torch.bfloat16
    assert maps.confidence_logits.dtype == maps.offsets.dtype == torch.float32
    assert all(loss.dtype == torch.float32 for loss in losses.values())


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        (
            {"MODEL__KEYPOINT_HEAD__NAME": "Ada"},
            "'Ada' is no known anchor rule; known are AdaAnchor",
        ),
        (
            {"MODEL__BACKBONE__NAME": "build_x"},
            "'build_x' is no known backbone.*build_timm_backbone",
        ),
        (
            {"MODEL__TIMM__NAME": "resnet5000"},
            "'resnet5000' is no timm model; the nearest.*resnet50",
        ),
        (
            {"MODEL__NECK__NAME": "FPN"},
            "'FPN' is no known neck; known are ConcatFeatures, DeconvNeck",
        ),
        ({"MODEL__NECK__IN_FEATURE": "res9"}, "'res9' is no output of backbone.*it has res5"),
        ({"MODEL__TIMM__OUT_FEATURES": ["p2"]}, "has no p2; it has res"),
        ({"INPUT__CROP_SIZE": (64, 50)}, r"\(64, 50\) must divide by 32"),
        ({"MODEL__NECK__NORM": "bn"}, "NORM 'bn' is unknown; known are BN, SyncBN, .* '' for none"),
        ({"MODEL__NECK__NORM": "GN"}, "NORM GN does not fit MODEL.NECK.CHANNELS 16: num_channels"),
        ({"MODEL__KEYPOINT_HEAD__HEATMAP_CENTER": "x"}, "must be rounded or subpixel, not 'x'"),
        ({"MODEL__KEYPOINT_HEAD__FUSION": "max"}, "FUSION must be .*not 'max'"),
    ],
)
def test_bad_config_values_get_a_sentence(override, sentence):
    rule = "HeatmapAnchor" if "MODEL__KEYPOINT_HEAD__HEATMAP_CENTER" in override else "AdaAnchor"
    with pytest.raises(InputError, match=sentence) as error:
        build_model(tiny_config(rule, **override))
    assert "\n" not in str(error.value)


def test_weights_from_a_local_file(tmp_path):
    source = build_model(tiny_config()).backbone.network.state_dict()
    torch.save(source, tmp_path / "weights.pth")
    path = str(tmp_path / "weights.pth")
    cfg = tiny_config(MODEL__TIMM__PRETRAINED=True, MODEL__TIMM__WEIGHTS=path)
    loaded = build_model(cfg).backbone.network.state_dict()
    assert all(torch.equal(loaded[key], value) for key, value in source.items())

    (tmp_path / "broken.pth").write_bytes(b"not a checkpoint")
    cfg.MODEL.TIMM.WEIGHTS = str(tmp_path / "broken.pth")
    with pytest.raises(InputError, match="broken.pth is no readable weight file"):
        build_model(cfg)
    cfg.MODEL.TIMM.WEIGHTS = str(tmp_path / "absent.pth")
    with pytest.raises(InputError, match="there is no file .*absent.pth"):
        build_model(cfg)
    cfg.MODEL.WEIGHTS = "a checkpoint that holds the backbone too"
    build_model(cfg)


def test_torchvision_weights_from_a_local_file(tmp_path):
    """The same keys, with a classifier; old files have no batch-norm counters."""
    torch.manual_seed(0)
    original = torchvision.models.resnet18().eval()
    weights = original.state_dict()
    old = {key: value for key, value in weights.items() if "num_batches" not in key}
    torch.save(old, tmp_path / "resnet18-f37072fd.pth")
    backbone = TimmBackbone(
        "resnet18",
        ["res5"],
        pretrained=True,
        weights=str(tmp_path / "resnet18-f37072fd.pth"),
    ).eval()
    images = torch.randn(1, 3, 64, 64)
    body = torch.nn.Sequential(*list(original.children())[:-2])
    with torch.no_grad():
        torch.testing.assert_close(backbone(images)["res5"], body(images))


def test_hrnet_imagenet_weights_from_a_local_file(tmp_path):
    """Official files hold the classifier and every output of the last module."""
    torch.manual_seed(0)
    weights = timm.create_model("hrnet_w18_small").state_dict()
    torch.save(weights, tmp_path / "hrnet.pth")
    path = str(tmp_path / "hrnet.pth")
    for features in (["res2"], ["res2", "res3", "res4", "res5"]):
        backbone = TimmBackbone("hrnet_w18_small", features, pretrained=True, weights=path)
        loaded = backbone.network.state_dict()
        assert all(torch.equal(weights[key], value) for key, value in loaded.items())


def test_simplepose_size():
    """34.0 M parameters, as SimplePose's ResNet-50; 5.45 GMAC by fvcore's counter."""
    from fvcore.nn import FlopCountAnalysis

    cfg = tiny_config(
        "HeatmapAnchor",
        MODEL__TIMM__NAME="resnet50",
        MODEL__NECK__CHANNELS=256,
        INPUT__CROP_SIZE=(256, 192),
    )
    model = build_model(cfg).eval()
    assert sum(p.numel() for p in model.parameters()) / 1e6 == pytest.approx(34.0, abs=0.05)

    flops = FlopCountAnalysis(Network(model), torch.zeros(1, 3, 256, 192))
    flops.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    assert flops.total() / 1e9 == pytest.approx(5.45, abs=0.01)
