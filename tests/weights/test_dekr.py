"""DEKR's heads, one branch a keypoint, become ours; on heads alone, without parity data."""

import random

import pytest
import torch
import torch.nn.functional as F
from detectron2.config import get_cfg
from detectron2.layers import ShapeSpec
from helpers.original_weights import make_weights
from torch import nn
from torchvision.ops import deform_conv2d

from adaanchor_d2 import add_adaanchor_config
from adaanchor_d2.errors import InputError
from adaanchor_d2.modeling.heads import AdaptiveOffsetHead, HeatmapHead, build_center_head
from adaanchor_d2.weights import FAMILIES, SourceWeights
from adaanchor_d2.weights.conversion import convert

(DEKR,) = (family for family in FAMILIES if family.name == "dekr")
# More than ten keypoints: sorted as text, branch 10 would come before branch 2.
KEYPOINTS, CHANNELS, IN_CHANNELS = 11, 3, 6
NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")


class Heads(nn.Module):
    def __init__(self, cfg) -> None:
        super().__init__()
        shape = ShapeSpec(channels=IN_CHANNELS, stride=4)
        self.head = build_center_head(cfg, shape)
        self.keypoint_head = HeatmapHead(input_shape=shape, num_keypoints=KEYPOINTS)
        self.pose_head = AdaptiveOffsetHead(
            input_shape=shape, num_keypoints=KEYPOINTS, channels=CHANNELS
        )


def config(rule: str = "HeatmapAnchor"):
    cfg = get_cfg()
    add_adaanchor_config(cfg)
    cfg.INPUT.FORMAT = "RGB"
    cfg.MODEL.KEYPOINT_HEAD.NAME = rule
    return cfg


def original() -> dict:
    """The heads' weights in the official form; the regular grids are what they are there."""
    width = KEYPOINTS * CHANNELS
    shapes = {"transition_offset.0.weight": [width, IN_CHANNELS, 1, 1]}
    shapes |= {f"transition_offset.1.{name}": _norm_shape(name, width) for name in NORM}
    shapes |= {"head_heatmap.1.weight": [KEYPOINTS + 1, IN_CHANNELS, 1, 1]}
    shapes |= {"head_heatmap.1.bias": [KEYPOINTS + 1]}
    for keypoint in range(KEYPOINTS):
        for block in range(2):
            branch = f"offset_feature_layers.{keypoint}.{block}"
            shapes[f"{branch}.regular_matrix"] = [2, 9]
            for name, rows in (("transform_matrix_conv", 4), ("translation_conv", 2)):
                shapes[f"{branch}.{name}.weight"] = [rows, CHANNELS, 3, 3]
                shapes[f"{branch}.{name}.bias"] = [rows]
            shapes[f"{branch}.adapt_conv.weight"] = [CHANNELS, CHANNELS, 3, 3]
            shapes |= {f"{branch}.bn.{name}": _norm_shape(name, CHANNELS) for name in NORM}
        shapes[f"offset_final_layer.{keypoint}.weight"] = [2, CHANNELS, 1, 1]
        shapes[f"offset_final_layer.{keypoint}.bias"] = [2]
    return make_weights(shapes)


def _norm_shape(name: str, channels: int) -> list[int]:
    return [] if name == "num_batches_tracked" else [channels]


def original_offsets(weights: dict, features):
    """What the official network computes: candidate minus keypoint, (B, 2K, H, W)."""

    statistics = ("running_mean", "running_var", "weight", "bias")

    def norm(x, name):
        return F.batch_norm(x, *(weights[f"{name}.{key}"] for key in statistics))

    def conv(x, name, padding=1):
        return F.conv2d(x, weights[f"{name}.weight"], weights.get(f"{name}.bias"), padding=padding)

    features = conv(features, "transition_offset.0", 0)
    outputs = []
    for keypoint, x in enumerate(F.relu(norm(features, "transition_offset.1")).split(CHANNELS, 1)):
        for block in range(2):
            branch = f"offset_feature_layers.{keypoint}.{block}"
            grid = weights[f"{branch}.regular_matrix"]
            matrix = conv(x, f"{branch}.transform_matrix_conv").unflatten(1, (2, 2))
            moved = torch.einsum("bachw,cn->bnahw", matrix, grid) - grid.t()[:, :, None, None]
            moved = moved + conv(x, f"{branch}.translation_conv")[:, None]
            y = deform_conv2d(
                x, moved.flatten(1, 2), weights[f"{branch}.adapt_conv.weight"], padding=1
            )
            x = F.relu(norm(y, f"{branch}.bn") + x)
        outputs.append(conv(x, f"offset_final_layer.{keypoint}", 0))
    return torch.cat(outputs, dim=1)


def test_branches_of_any_order_compute_the_same():
    weights = original()
    keys = list(weights)
    random.Random(0).shuffle(keys)
    source = SourceWeights("theirs.pth", {key: weights[key] for key in keys}, [])
    model = Heads(config())
    conversion = convert(source, DEKR, model, config())
    assert conversion.left_over == [] and conversion.fresh == []
    assert {key for key, _ in conversion.renamed} == set(keys)
    moves = conversion.moves()
    assert moves["offset_final_layer.*", "pose_head.predictor"] == 2 * KEYPOINTS
    bn = ("offset_feature_layers.*.*.bn", "pose_head.blocks.1.norm")
    assert moves[bn] == len(NORM) * KEYPOINTS

    model.load_state_dict(conversion.weights)
    features = torch.randn(2, IN_CHANNELS, 7, 5)
    expected = original_offsets(weights, features)
    ours = model.eval().pose_head.predict(features).flatten(1, 2)
    torch.testing.assert_close(-ours, expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(
        torch.cat([model.keypoint_head.predict(features), model.head.predict(features)], dim=1),
        F.conv2d(features, weights["head_heatmap.1.weight"], weights["head_heatmap.1.bias"]),
    )


def test_centres_of_another_rule_stay_fresh():
    source = SourceWeights("theirs.pth", original(), [])
    cfg = config("AdaAnchor")
    conversion = convert(source, DEKR, Heads(cfg), cfg)
    assert set(conversion.fresh) == {"head.predictor.weight", "head.predictor.bias"}
    assert conversion.left_over == []
    assert len(conversion.weights["keypoint_head.predictor.weight"]) == KEYPOINTS
    assert conversion.weights["head.place"] == conversion.weights["keypoint_head.place"] == 0.125


@pytest.mark.parametrize(
    ("missing", "of"),
    [
        ("offset_final_layer.4.weight", "pose_head.predictor.weight"),
        ("offset_feature_layers.3.1.translation_conv.bias", "pose_head.blocks.1.affine.bias"),
        ("offset_feature_layers.0.0.regular_matrix", "pose_head.blocks.0.points"),
    ],
)
def test_a_branch_without_one_of_its_weights_does_not_fit(missing, of):
    weights = original()
    del weights[missing]
    source = SourceWeights("theirs.pth", weights, [])
    with pytest.raises(InputError, match=f"another shape: .* for {of} "):
        convert(source, DEKR, Heads(config()), config())


def test_the_plain_branch_has_no_place_for_them():
    cfg = config()
    cfg.MODEL.CENTER.OFFSET_BRANCH = "plain"
    source = SourceWeights("theirs.pth", original(), [])
    with pytest.raises(InputError, match="DEKR needs MODEL.CENTER.OFFSET_BRANCH adaptive"):
        convert(source, DEKR, Heads(cfg), cfg)
