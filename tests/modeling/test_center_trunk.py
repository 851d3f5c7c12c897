import pytest
import torch
from detectron2.layers import ShapeSpec
from helpers.crowds import center_config

from adaanchor_d2.modeling.heads import (
    CenterTrunk,
    HeatmapHead,
    build_center_head,
    build_keypoint_heatmaps,
)

SHAPE = ShapeSpec(channels=12, stride=4)


def test_trunk_shape_and_size():
    trunk = CenterTrunk(input_shape=SHAPE, channels=8)
    assert (trunk.output_shape().channels, trunk.output_shape().stride) == (8, 4)
    assert trunk(torch.randn(2, 12, 6, 10)).shape == (2, 8, 6, 10)
    # 1x1 convolution without bias, two 3x3 ones, three batch norms
    assert sum(p.numel() for p in trunk.parameters()) == 12 * 8 + 2 * 9 * 8 * 8 + 3 * 2 * 8


def test_the_configured_head_with_one_type():
    cfg = center_config("HeatmapAnchor", MODEL__KEYPOINT_HEAD__HEATMAP_SIGMA=4.0)
    head = build_center_head(cfg, SHAPE)
    assert head.num_keypoints == 1 and head.sigma == 4
    heatmaps = build_keypoint_heatmaps(cfg, SHAPE)
    assert heatmaps.num_keypoints == 17 and heatmaps.sigma == 2
    assert cfg.MODEL.KEYPOINT_HEAD.NUM_KEYPOINTS == 17
    without = center_config(MODEL__CENTER__KEYPOINT_HEATMAPS=False)
    assert build_keypoint_heatmaps(without, SHAPE) is None


def test_heatmaps_are_read_between_cells_and_at_the_border():
    head = HeatmapHead(input_shape=SHAPE, num_keypoints=2, place=0.25)
    maps = torch.zeros(1, 2, 4, 4)
    maps[0, 1, 1, 2], maps[0, 1, 1, 3] = 0.4, 2.0
    place = 4 * torch.tensor([[2.25, 1.25], [2.5, 1.25], [9.0, 1.25], [2.25, 1.75]])
    values = head.sample(maps, place.expand(1, 2, 4, 2))
    assert values[0, 0].tolist() == [0, 0, 0, 0]
    assert values[0, 1].tolist() == pytest.approx([0.4, 0.8, 1.0, 0.2])
