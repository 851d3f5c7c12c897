"""timm's families as backbones: shapes and strides as stated, whatever layout timm gives."""

import pytest
import timm
import torch
from detectron2.modeling import build_model
from helpers.tiny import make_sample, tiny_config

from adaanchor_d2.errors import InputError
from adaanchor_d2.modeling.backbone import TimmBackbone


@pytest.mark.parametrize(
    ("name", "features", "size"),
    [
        ("test_resnet", ["res2", "res5"], (64, 64)),
        ("test_convnext", ["res2", "res5"], (96, 64)),
        ("test_efficientnet", ["res1", "res5"], (96, 64)),
        ("hrnet_w18_small", ["res2", "res5"], (64, 64)),
        ("swin_tiny_patch4_window7_224", ["res2", "res5"], (128, 96)),  # NHWC, one image size
        ("mambaout_femto", ["res5"], (64, 64)),  # NHWC, any image size
        ("vit_tiny_patch16_224", ["res4"], (128, 96)),  # one image size
        ("test_vit", ["res4"], (64, 96)),  # any image size
    ],
)
def test_families(name, features, size):
    backbone = TimmBackbone(name, features, image_size=size).eval()
    with torch.no_grad():
        maps = backbone(torch.zeros(1, 3, *size))
    assert list(maps) == features
    for feature, shape in backbone.output_shape().items():
        assert shape.stride == 2 ** int(feature.removeprefix("res"))
        assert maps[feature].shape == (
            1, shape.channels, size[0] // shape.stride, size[1] // shape.stride,
        )  # fmt: skip


def test_channels_last_features_keep_their_places():
    """A swin map's rows and columns are the image's: a change at the bottom stays there."""
    torch.manual_seed(0)
    backbone = TimmBackbone("swin_tiny_patch4_window7_224", ["res2"], image_size=(64, 128)).eval()
    images = torch.zeros(2, 3, 64, 128)
    images[1, :, 60:] = 1.0
    with torch.no_grad():
        plain, changed = backbone(images)["res2"]
    difference = (plain - changed).abs().amax(dim=0)
    assert difference.shape == (16, 32)
    assert difference[-1].min() > 10 * difference[0].max()


def test_a_vision_transformer_gives_its_last_block():
    backbone = TimmBackbone("vit_tiny_patch16_224", ["res4"], image_size=(32, 32))
    assert len(backbone.network.model.blocks) == 12


@pytest.mark.parametrize("name", ["vit_tiny_patch16_224", "swin_tiny_patch4_window7_224"])
def test_transformers_train_a_step(name):
    feature = "res4" if name.startswith("vit") else "res5"
    cfg = tiny_config(
        MODEL__TIMM__NAME=name,
        MODEL__TIMM__OUT_FEATURES=[feature],
        MODEL__NECK__IN_FEATURE=feature,
        MODEL__NECK__NUM_DECONVS=2,
    )
    model = build_model(cfg)
    losses = model([make_sample(0), make_sample(1)])
    sum(losses.values()).backward()
    assert all(p.grad.isfinite().all() for p in model.backbone.parameters() if p.grad is not None)
    assert model.head.stride == 2 ** int(feature[-1]) // 4


@pytest.mark.parametrize(
    ("name", "size", "sentence"),
    [
        ("inception_v3", (128, 128), r"takes no images of 128 x 128.*its map of stride 2"),
        ("eva02_tiny_patch14_224", (70, 70), "its strides are 14, .*none is a power of two"),
    ],
)
def test_images_that_a_network_cannot_see(name, size, sentence):
    with pytest.raises(InputError, match=sentence) as error:
        TimmBackbone(name, ["res4"], image_size=size)
    assert "\n" not in str(error.value)


def test_no_features_are_refused():
    with pytest.raises(InputError, match="MODEL.TIMM.OUT_FEATURES is empty"):
        TimmBackbone("test_resnet", [])


@pytest.mark.parametrize("name", ["test_convnext", "test_vit"])
def test_timms_own_files_load(name, tmp_path):
    """They hold the whole network, under the names that it has as a whole."""
    whole = timm.create_model(name)
    path = tmp_path / "weights.pth"
    torch.save(whole.state_dict(), path)
    feature = "res4" if name == "test_vit" else "res5"
    size = whole.default_cfg["input_size"][1:]
    backbone = TimmBackbone(
        name, [feature], pretrained=True, weights=str(path), image_size=size
    ).eval()
    images = torch.rand(1, 3, *size)
    with torch.no_grad():
        expected = whole.eval().forward_intermediates(images, norm=False, intermediates_only=True)
        torch.testing.assert_close(backbone(images)[feature], expected[-1])
