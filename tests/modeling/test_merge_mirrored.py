"""The flip test's mean: an image's maps, and those of its mirror image brought back."""

import pytest
import torch
from detectron2.layers import ShapeSpec
from helpers.tiny import tiny_config

from adaanchor_d2.modeling.anchors import AnchorMaps
from adaanchor_d2.modeling.heads import build_keypoint_head

FLIP = [0, 2, 1]
NEGATE_X = torch.tensor([-1.0, 1.0])


def build(rule):
    cfg = tiny_config(rule, MODEL__KEYPOINT_HEAD__NUM_KEYPOINTS=3)
    return build_keypoint_head(cfg, ShapeSpec(channels=5, stride=4))


def mirror_offsets(offsets):
    return offsets[:, FLIP].flip(-1) * NEGATE_X[:, None, None]


@pytest.mark.parametrize("local", [True, False])
def test_anchor_maps(local):
    one, two = (
        AnchorMaps(
            torch.randn(2, 3, 4, 6),
            torch.randn(2, 3, 2, 4, 6),
            torch.randn(2, 3, 2, 4, 6) if local else None,
        )
        for _ in range(2)
    )
    mirrored = AnchorMaps(
        two.confidence_logits[:, FLIP].flip(-1),
        mirror_offsets(two.offsets),
        mirror_offsets(two.local_offsets) if local else None,
    )
    merged = build("AdaAnchor").merge_mirrored(one, mirrored, FLIP)
    confidence = (one.confidence_logits.sigmoid() + two.confidence_logits.sigmoid()) / 2
    torch.testing.assert_close(merged.confidence_logits.sigmoid(), confidence)
    torch.testing.assert_close(merged.offsets, (one.offsets + two.offsets) / 2)
    if local:
        expected = (one.local_offsets + two.local_offsets) / 2
        torch.testing.assert_close(merged.local_offsets, expected)
    else:
        assert merged.local_offsets is None


def test_heatmaps():
    one, two = torch.randn(2, 2, 3, 4, 6)
    merged = build("HeatmapAnchor").merge_mirrored(one, two[:, FLIP].flip(-1), FLIP)
    torch.testing.assert_close(merged, (one + two) / 2)


def test_regressed_points():
    one, two = torch.randn(2, 2, 3, 2)
    size = (6, 4)
    mirrored = (two[:, FLIP] * NEGATE_X, size)
    merged = build("RegressionAnchor").merge_mirrored((one, size), mirrored, FLIP)
    torch.testing.assert_close(merged[0], (one + two) / 2)
    assert merged[1] == size
