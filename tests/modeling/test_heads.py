"""The heads as configs build them; the heatmap and the regression head by hand."""

import pytest
import torch
from detectron2.layers import ShapeSpec
from helpers.tiny import tiny_config

from adaanchor_d2.modeling.anchors import KeypointTargets
from adaanchor_d2.modeling.heads import HeatmapHead, RegressionHead, build_keypoint_head
from adaanchor_d2.modeling.heads.base import mean_over_processes

SHAPE = ShapeSpec(channels=3, stride=4)
SUPERVISED = torch.ones(1, 2, 1, 1, dtype=torch.bool)


def make_targets(*rows):
    """Targets of one image from rows x, y (stride units), type."""
    x, y, kind = zip(*rows, strict=True)
    xy = torch.tensor([x, y], dtype=torch.float32).T
    return KeypointTargets(xy, torch.zeros(len(rows), dtype=torch.int64), torch.tensor(kind))


def build(rule, **keys):
    overrides = {f"MODEL__KEYPOINT_HEAD__{key}": value for key, value in keys.items()}
    return build_keypoint_head(tiny_config(rule, **overrides), SHAPE)


def test_adaptive_anchors_read_their_keys():
    head = build(
        "AdaAnchor", NUM_KEYPOINTS=2, NUM_ANCHORS=7, SIGMA=1.5, FUSION="add", FIXED_ITERS=9,
        LOCAL_RADIUS=1.0, OFFSET_LOSS_WEIGHT=0.2, LOCAL_LOSS_WEIGHT=0.3, FOCAL_ALPHA=-1.0,
        FOCAL_GAMMA=1.0, PRIOR_PROB=0.2, LOCAL_REFINEMENT=False,
    )  # fmt: skip
    assigner = head.assigner
    assert (assigner.num_anchors, assigner.sigma, assigner.fusion) == (7, 1.5, "add")
    assert head.warmup_assigner.num_anchors == 7 and head.warmup_iters == 9
    assert (head.local_radius, head.offset_loss_weight, head.local_loss_weight) == (1.0, 0.2, 0.3)
    assert (head.focal_alpha, head.focal_gamma) == (-1.0, 1.0)
    assert head.predictor.out_channels == 6
    assert head.predictor.bias[:2].sigmoid().tolist() == pytest.approx([0.2, 0.2])


def test_fixed_anchors_read_their_keys():
    head = build("FixAnchor", NUM_ANCHORS=7, FIXED_ITERS=9)
    assert head.assigner.num_anchors == 7
    assert head.warmup_assigner is None and head.warmup_iters == 0


@pytest.mark.parametrize("center", ["rounded", "subpixel"])
def test_heatmaps_read_their_keys(center):
    head = build("HeatmapAnchor", HEATMAP_CENTER=center, HEATMAP_SIGMA=1.25)
    assert (head.rounded, head.sigma) == (center == "rounded", 1.25)


def test_heatmap_loss_is_half_the_mean_over_all_maps():
    head = HeatmapHead(input_shape=SHAPE, num_keypoints=2, sigma=1.0)
    targets = make_targets((2.5, 1.5, 1))
    maps = torch.zeros(1, 2, 4, 5)
    loss = head.losses(maps, targets, head.label(maps, targets), SUPERVISED)["loss_heatmap"]
    x, y = torch.arange(5) - 2.0, torch.arange(4) - 1.0
    gaussian = torch.exp(-(x[None] ** 2 + y[:, None] ** 2) / 2)
    torch.testing.assert_close(loss, 0.5 * gaussian.square().sum() / 40)


@pytest.mark.parametrize(("x", "anchor"), [(-2.5, 0), (-2.51 - 0.5, -1), (7.5, 4), (8.1, -1)])
def test_a_gaussian_that_misses_the_map_is_not_supervised(x, anchor):
    """sigma 1: the outermost centres that still reach columns 0 and 4 are -3 and 7."""
    head = HeatmapHead(input_shape=SHAPE, num_keypoints=2, sigma=1.0)
    targets = make_targets((x, 0.5, 0))
    maps = torch.ones(1, 2, 4, 5)
    assignment = head.label(maps, targets)
    assert assignment.anchor_index.tolist() == [[anchor]]
    only_first = torch.tensor([True, False])[None, :, None, None]
    loss = head.losses(maps, targets, assignment, only_first)["loss_heatmap"]
    assert (loss == 0) == (anchor == -1)


def test_a_target_that_misses_does_not_hide_one_that_does_not():
    head = HeatmapHead(input_shape=SHAPE, num_keypoints=2, sigma=1.0)
    maps = torch.ones(1, 2, 4, 5)
    only_first = torch.tensor([True, False])[None, :, None, None]
    losses = []
    for rows in ([(2.5, 1.5, 0)], [(2.5, 1.5, 0), (-50.0, 0.5, 0)]):
        targets = make_targets(*rows)
        losses.append(head.losses(maps, targets, head.label(maps, targets), only_first))
    assert losses[0]["loss_heatmap"] > 0 and losses[0] == losses[1]


def test_regression_is_a_fraction_of_the_image_from_its_centre():
    head = RegressionHead(input_shape=SHAPE, num_keypoints=2)
    torch.nn.init.zeros_(head.predictor.weight)
    with torch.no_grad():
        head.predictor.bias.copy_(torch.tensor([0.25, 0.5, -0.5, 0.0]))
    maps = head.predict(torch.zeros(1, 3, 6, 4))  # 16 x 24 input pixels
    found = head.inference(maps)
    assert found.anchor_xy[0, :, 0].tolist() == [[8, 12], [8, 12]]
    assert found.xy[0, :, 0].tolist() == [[12, 24], [0, 12]]
    # Where it points costs nothing; a map pixel beside it costs 1 / W or 1 / H, over two targets.
    exact = make_targets((3.0, 6.0, 0), (0.0, 3.0, 1))
    assert head.losses(maps, exact, head.label(maps, exact), SUPERVISED)["loss_regression"] == 0
    beside = make_targets((4.0, 6.0, 0), (0.0, 1.0, 1))
    loss = head.losses(maps, beside, head.label(maps, beside), SUPERVISED)["loss_regression"]
    assert loss.item() == pytest.approx((1 / 4 + 2 / 6) / 2)
    assert head.anchor_places(maps, head.label(maps, beside)).tolist() == [[[8, 12]], [[8, 12]]]


def test_a_count_of_zero_divides_as_one():
    assert mean_over_processes(0, torch.zeros(1)) == 1
    assert mean_over_processes(5, torch.zeros(1)) == 5


def test_heatmaps_of_several_people_are_joined_by_maximum():
    """Two targets of a type: the target map is the larger Gaussian everywhere; a third outside."""
    head = HeatmapHead(input_shape=ShapeSpec(channels=1, stride=4), num_keypoints=1)
    xy = torch.tensor([[4.5, 4.5], [7.5, 4.5], [-90.0, 4.5]])
    zeros = torch.zeros(3).long()
    targets = KeypointTargets(xy, zeros, zeros, torch.arange(3))
    column, row = torch.meshgrid(torch.arange(12) + 0.5, torch.arange(10) + 0.5, indexing="xy")
    squares = (column - xy[:2, 0, None, None]) ** 2 + (row - xy[:2, 1, None, None]) ** 2
    near = ((column - xy[:2, 0, None, None]).abs() <= 6) & ((row - 4.5).abs() <= 6)
    expected = (torch.exp(-squares / 8) * near).amax(dim=0)[None, None]
    everywhere = torch.ones(1, 1, 10, 12, dtype=torch.bool)
    losses = head.losses(expected, targets, head.label(expected, targets), everywhere)
    assert losses["loss_heatmap"] < 1e-12


def test_people_outside_leave_their_type_supervised():
    """With several people a keypoint off the map is no reason to leave the map out."""
    head = HeatmapHead(input_shape=ShapeSpec(channels=1, stride=4), num_keypoints=1)
    maps, zero = torch.ones(1, 1, 10, 12), torch.zeros(1).long()
    everywhere = torch.ones(1, 1, 10, 12, dtype=torch.bool)
    for person, expected in ((None, 0.0), (zero, 0.5)):
        targets = KeypointTargets(torch.tensor([[-90.0, 4.5]]), zero, zero, person)
        losses = head.losses(maps, targets, head.label(maps, targets), everywhere)
        assert losses["loss_heatmap"].item() == expected
