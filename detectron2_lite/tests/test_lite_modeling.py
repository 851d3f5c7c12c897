"""Registries, backbones and normalization layers."""

import pytest
import torch
from torch import nn

import detectron2
from detectron2.config import get_cfg
from detectron2.layers import ShapeSpec, get_norm
from detectron2.modeling import (
    BACKBONE_REGISTRY,
    META_ARCH_REGISTRY,
    Backbone,
    build_backbone,
    build_model,
)
from detectron2.utils.registry import Registry

IS_LITE = "lite" in detectron2.__version__
only_lite = pytest.mark.skipif(not IS_LITE, reason="what only detectron2_lite does")


class LiteTestBackbone(Backbone):
    def __init__(self, cfg, input_shape):
        super().__init__()
        self._out_features = ["res2"]
        self._out_feature_channels = {"res2": 2 * input_shape.channels}
        self._out_feature_strides = {"res2": 4}

    def forward(self, x):
        return {"res2": x.repeat(1, 2, 1, 1)[..., ::4, ::4]}


class LiteTestModel(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.linear = nn.Linear(len(cfg.MODEL.PIXEL_MEAN), 1)


BACKBONE_REGISTRY.register(LiteTestBackbone)
META_ARCH_REGISTRY.register(LiteTestModel)


def test_build_backbone():
    cfg = get_cfg()
    cfg.MODEL.BACKBONE.NAME = "LiteTestBackbone"
    backbone = build_backbone(cfg)
    assert backbone.output_shape() == {"res2": ShapeSpec(channels=6, stride=4)}
    assert backbone(torch.zeros(1, 3, 8, 8))["res2"].shape == (1, 6, 2, 2)
    assert backbone.size_divisibility == 0
    assert backbone.padding_constraints == {}
    assert build_backbone(cfg, ShapeSpec(channels=5)).output_shape()["res2"].channels == 10


def test_build_model():
    cfg = get_cfg()
    cfg.MODEL.META_ARCHITECTURE = "LiteTestModel"
    cfg.MODEL.DEVICE = "cpu"
    assert build_model(cfg).linear.weight.shape == (1, 3)


def test_backbone_is_abstract():
    with pytest.raises(TypeError):
        Backbone()


def test_registry():
    registry = Registry("LITE_TEST")

    @registry.register()
    class Thing:
        pass

    assert registry.get("Thing") is Thing
    assert "Thing" in registry
    assert dict(registry) == {"Thing": Thing}
    with pytest.raises(KeyError, match="Other.*LITE_TEST"):
        registry.get("Other")


def test_unknown_names():
    with pytest.raises(KeyError, match="no_such_backbone.*BACKBONE"):
        BACKBONE_REGISTRY.get("no_such_backbone")


@only_lite
def test_detectron2_models_are_named():
    cfg = get_cfg()
    with pytest.raises(KeyError, match="meta-architecture GeneralizedRCNN belongs to Detectron2"):
        build_model(cfg)
    with pytest.raises(KeyError, match="backbone build_resnet_backbone .*installation guide"):
        build_backbone(cfg)


@only_lite
@pytest.mark.parametrize("name", ["FrozenBN", "LN"])
def test_detectron2_norms_are_named(name):
    with pytest.raises(KeyError, match=f"normalization {name} belongs to Detectron2"):
        get_norm(name, 4)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("BN", nn.BatchNorm2d), ("SyncBN", nn.SyncBatchNorm), ("GN", nn.GroupNorm)],
)
def test_get_norm(name, kind):
    assert isinstance(get_norm(name, 32), kind)


def test_get_norm_of_nothing_and_of_a_function():
    assert get_norm("", 4) is None
    assert get_norm(None, 4) is None
    assert isinstance(get_norm(nn.InstanceNorm2d, 4), nn.InstanceNorm2d)
    with pytest.raises(KeyError):
        get_norm("NoSuchNorm", 4)
