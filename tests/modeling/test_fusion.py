"""HRNet's branches, and the necks that join features."""

import pytest
import torch
import torch.nn.functional as F
from detectron2.layers import ShapeSpec
from detectron2.modeling import build_model
from helpers.tiny import make_sample, tiny_config

from adaanchor_d2.errors import InputError
from adaanchor_d2.modeling.backbone import ConcatFeatures, MixFeatures, TimmBackbone

HRNET = "hrnet_w18_small"
BRANCHES = ["res2", "res3", "res4", "res5"]


@pytest.fixture(scope="module")
def branches() -> TimmBackbone:
    torch.manual_seed(0)
    return TimmBackbone(HRNET, BRANCHES, image_size=(64, 96)).eval()


def test_branches_of_hrnet(branches):
    shapes = branches.output_shape()
    assert {name: (s.channels, s.stride) for name, s in shapes.items()} == {
        "res2": (16, 4),
        "res3": (32, 8),
        "res4": (64, 16),
        "res5": (128, 32),
    }
    with torch.no_grad():
        features = branches(torch.randn(1, 3, 64, 96))
    for name, feature in features.items():
        stride = shapes[name].stride
        assert feature.shape == (1, shapes[name].channels, 64 // stride, 96 // stride)
    assert branches.size_divisibility == 32


def test_highest_branch_alone_needs_no_other_outputs(branches):
    """The same map from fewer weights, all of which get a gradient."""
    highest = TimmBackbone(HRNET, ["res2"], image_size=(64, 96)).eval()
    weights = branches.state_dict()
    kept = highest.state_dict()
    assert kept.keys() < weights.keys()
    highest.load_state_dict({key: weights[key] for key in kept})
    images = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(highest(images)["res2"], branches(images)["res2"])
    highest.train()(torch.randn(2, 3, 64, 64))["res2"].sum().backward()
    assert all(parameter.grad is not None for parameter in highest.parameters())


def test_upsampling_of_hrnet(branches):
    bilinear = TimmBackbone(
        HRNET, BRANCHES, image_size=(64, 96), hrnet_upsampling="bilinear"
    ).eval()
    bilinear.load_state_dict(branches.state_dict())
    images = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        assert not torch.allclose(bilinear(images)["res2"], branches(images)["res2"], rtol=1e-2)
    with pytest.raises(InputError, match="HRNET_UPSAMPLING must be nearest or bilinear, not 'x'"):
        TimmBackbone(HRNET, ["res2"], image_size=(64, 96), hrnet_upsampling="x")


def test_crops_divide_by_the_lowest_branch():
    overrides = {"MODEL__TIMM__NAME": HRNET, "MODEL__TIMM__OUT_FEATURES": ["res2"]}
    overrides |= {"MODEL__NECK__NAME": "SelectFeature", "MODEL__NECK__IN_FEATURE": "res2"}
    with pytest.raises(InputError, match=r"\(64, 48\) must divide by 32"):
        build_model(tiny_config(INPUT__CROP_SIZE=(64, 48), **overrides))


def test_concatenation_is_finest_first():
    shapes = {"a": ShapeSpec(channels=3, stride=8), "b": ShapeSpec(channels=2, stride=4)}
    neck = ConcatFeatures(input_shapes=shapes)
    coarse, fine = torch.randn(1, 3, 2, 3), torch.randn(1, 2, 4, 6)
    joined = neck({"a": coarse, "b": fine})
    assert neck.output_shape() == ShapeSpec(channels=5, stride=4)
    assert torch.equal(joined[:, :2], fine)
    upsampled = F.interpolate(coarse, (4, 6), mode="bilinear", align_corners=False)
    torch.testing.assert_close(joined[:, 2:], upsampled)


def test_mixing_keeps_the_channels():
    shapes = {"a": ShapeSpec(channels=3, stride=8), "b": ShapeSpec(channels=2, stride=4)}
    neck = MixFeatures(input_shapes=shapes)
    mixed = neck({"a": torch.randn(2, 3, 2, 3), "b": torch.randn(2, 2, 4, 6)})
    assert mixed.shape == (2, 5, 4, 6) and (mixed >= 0).all()
    assert [type(layer).__name__ for layer in neck.layers] == ["Conv2d", "BatchNorm2d", "ReLU"]


@pytest.mark.parametrize("neck", ["ConcatFeatures", "MixFeatures"])
def test_model_with_joined_branches_trains_a_step(neck):
    cfg = tiny_config(
        MODEL__TIMM__NAME=HRNET, MODEL__TIMM__OUT_FEATURES=BRANCHES, MODEL__NECK__NAME=neck
    )
    model = build_model(cfg)
    sum(model([make_sample(i) for i in range(2)]).values()).backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
