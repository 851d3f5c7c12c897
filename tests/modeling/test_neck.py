import pytest
import torch
from detectron2.layers import ShapeSpec
from detectron2.modeling import BACKBONE_REGISTRY, Backbone, build_model
from helpers.tiny import make_sample, tiny_config

from adaanchor_d2.errors import InputError
from adaanchor_d2.modeling.backbone import DeconvNeck


class Pyramid(Backbone):
    """Maps as an FPN's: the coarsest has stride 64, the network itself needs 32."""

    strides = {"p2": 4, "p6": 64}
    size_divisibility = 32

    def forward(self, images):
        return {name: images[:, :, ::stride, ::stride] for name, stride in self.strides.items()}

    def output_shape(self):
        return {name: ShapeSpec(channels=3, stride=stride) for name, stride in self.strides.items()}


@pytest.fixture
def pyramid_config():
    name = "test_pyramid"
    BACKBONE_REGISTRY._obj_map[name] = lambda cfg, input_shape: Pyramid()
    yield lambda **changes: tiny_config(
        MODEL__BACKBONE__NAME=name,
        **{"MODEL__NECK__NAME": "SelectFeature", "MODEL__NECK__IN_FEATURE": "p2", **changes},
    )
    del BACKBONE_REGISTRY._obj_map[name]


def test_levels_that_the_neck_leaves_alone_ask_nothing_of_the_crop(pyramid_config):
    model = build_model(pyramid_config(INPUT__CROP_SIZE=(96, 32)))
    losses = model([make_sample(0, height=96, width=32)])
    assert model.head.stride == 4 and all(loss.isfinite() for loss in losses.values())
    with pytest.raises(InputError, match=r"\(96, 48\) must divide by 32"):
        build_model(pyramid_config(INPUT__CROP_SIZE=(96, 48)))
    with pytest.raises(InputError, match=r"\(96, 64\) must divide by 64"):
        build_model(pyramid_config(INPUT__CROP_SIZE=(96, 64), MODEL__NECK__IN_FEATURE="p6"))


def test_deconvolutions_double_the_map_and_halve_the_stride():
    shape = ShapeSpec(channels=6, stride=32)
    neck = DeconvNeck(in_feature="res5", input_shape=shape, num_deconvs=2, channels=5)
    assert neck.output_shape() == ShapeSpec(channels=5, stride=8)
    with torch.no_grad():
        found = neck({"res5": torch.randn(2, 6, 3, 4), "res2": None})
    assert found.shape == (2, 5, 12, 16) and (found >= 0).all() and found.max() > 0


def test_deconvolutions_have_a_bias_only_without_a_norm():
    shape = ShapeSpec(channels=6, stride=8)
    with_norm = DeconvNeck(in_feature="a", input_shape=shape, num_deconvs=1, channels=4)
    without = DeconvNeck(in_feature="a", input_shape=shape, num_deconvs=1, channels=4, norm="")
    assert with_norm.layers[0].bias is None and without.layers[0].bias is not None
    assert [len(with_norm.layers), len(without.layers)] == [3, 2]


def test_too_many_deconvolutions():
    with pytest.raises(InputError, match="NUM_DECONVS 3 is too many for stride 4"):
        DeconvNeck(in_feature="a", input_shape=ShapeSpec(channels=6, stride=4), num_deconvs=3)
