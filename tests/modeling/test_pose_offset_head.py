import pytest
import torch
from detectron2.config import get_cfg
from detectron2.layers import ShapeSpec

from adaanchor_d2 import add_adaanchor_config
from adaanchor_d2.errors import InputError
from adaanchor_d2.modeling.heads import (
    AdaptiveOffsetHead,
    PlainOffsetHead,
    PoseSupervision,
    build_pose_offset_head,
    pose_weights,
)

SHAPE = ShapeSpec(channels=8, stride=4)


def make_head(branch: str):
    cfg = get_cfg()
    add_adaanchor_config(cfg)
    cfg.MODEL.CENTER.OFFSET_BRANCH = branch
    cfg.MODEL.CENTER.OFFSET_CHANNELS = 5
    cfg.MODEL.CENTER.PLAIN_CHANNELS = 12
    cfg.MODEL.KEYPOINT_HEAD.NUM_KEYPOINTS = 3
    return build_pose_offset_head(cfg, SHAPE)


def supervise(image_index, anchor_index, target, weight) -> PoseSupervision:
    return PoseSupervision(
        torch.tensor(image_index), torch.tensor(anchor_index), target, torch.tensor(weight)
    )


def nobody() -> PoseSupervision:
    none = torch.zeros(0, dtype=torch.int64)
    return PoseSupervision(none, none, torch.zeros(0, 3, 2), torch.zeros(0, 3))


def test_the_key_chooses_the_branch():
    torch.manual_seed(0)
    adaptive, plain = make_head("adaptive"), make_head("plain")
    assert isinstance(adaptive, AdaptiveOffsetHead) and isinstance(plain, PlainOffsetHead)
    assert adaptive.predictor.weight.shape == (6, 5, 1, 1) and len(adaptive.blocks) == 2
    assert plain.predictor.weight.shape == (6, 12, 1, 1)
    for head in (adaptive, plain):
        assert head.predict(torch.randn(2, 8, 5, 7)).shape == (2, 3, 2, 5, 7)
    with pytest.raises(InputError, match="OFFSET_BRANCH must be adaptive or plain, not 'both'."):
        make_head("both")


@pytest.mark.parametrize("branch", ["adaptive", "plain"])
def test_x_and_y_of_a_keypoint_are_side_by_side(branch):
    head = make_head(branch)
    torch.nn.init.zeros_(head.predictor.weight)
    head.predictor.bias.data = torch.arange(6.0)
    offsets = head.predict(torch.randn(1, 8, 2, 2))
    assert offsets[0, :, :, 1, 1].tolist() == [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]


def test_loss_by_hand():
    head = PlainOffsetHead(input_shape=SHAPE, num_keypoints=2, loss_weight=0.5)
    offsets = torch.zeros(2, 2, 2, 2, 3)
    offsets[1, 0, :, 1, 2] = torch.tensor([1.0, 2.0])  # row 1, column 2: candidate 5
    target = torch.tensor([[[1.05, 0.0], [torch.nan, torch.nan]], [[3.0, -4.0], [0.0, 0.0]]])
    supervision = supervise([1, 0], [5, 0], target, [[0.25, 0.0], [0.5, 0.1]])
    quadratic = 0.05**2 / 2 * 9
    first = 0.25 * (quadratic + 2.0 - 1 / 18)
    second = 0.5 * (3.0 + 4.0 - 2 / 18)
    losses = head.losses(offsets, supervision)
    assert set(losses) == {"loss_pose_offset"}
    # Three keypoints have a weight: six coordinates.
    assert losses["loss_pose_offset"].item() == pytest.approx(0.5 * (first + second) / 6)


@pytest.mark.parametrize("branch", ["adaptive", "plain"])
def test_nobody_gives_a_zero_loss_that_keeps_the_graph(branch):
    head = make_head(branch)
    loss = head.losses(head.predict(torch.randn(1, 8, 4, 4)), nobody())["loss_pose_offset"]
    assert loss.item() == 0
    loss.backward()
    assert all(p.grad is not None and p.grad.abs().sum() == 0 for p in head.parameters())


@pytest.mark.parametrize("branch", ["adaptive", "plain"])
def test_every_weight_learns(branch):
    torch.manual_seed(0)
    head = make_head(branch)
    target = torch.randn(2, 3, 2)
    supervision = supervise([0, 1], [3, 7], target, [[1.0, 1.0, 1.0]] * 2)
    features = torch.randn(2, 8, 4, 4)
    optimizer = torch.optim.Adam(head.parameters(), lr=0.02)
    losses = []
    for _ in range(30):
        loss = head.losses(head.predict(features), supervision)["loss_pose_offset"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.2 * losses[0]
    assert all(p.grad.abs().sum() > 0 for p in head.parameters())


@pytest.mark.parametrize("branch", ["adaptive", "plain"])
def test_runs_in_float32_under_mixed_precision(branch):
    head = make_head(branch)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        offsets = head.predict(torch.randn(1, 8, 4, 4).bfloat16())
    assert offsets.dtype == torch.float32


def test_weights_of_a_person():
    target = torch.tensor([[[1.0, 2.0], [4.0, 6.0], [90.0, 90.0]], [[1.0, 1.0]] * 3])
    labelled = torch.tensor([[True, True, False], [True, False, False]])
    weights = pose_weights(target, labelled)
    # 3 by 4 cells: a diagonal of 5. A single keypoint has an extent of one.
    assert weights.tolist() == [[pytest.approx(0.2)] * 2 + [0.0], [1.0, 0.0, 0.0]]
    assert pose_weights(target, torch.zeros(2, 3, dtype=torch.bool)).tolist() == [[0.0] * 3] * 2


def test_the_plain_branch_is_plain_convolutions_alone():
    exported = torch.export.export(_Predict(make_head("plain")), (torch.randn(1, 8, 4, 4),))
    graphs = [
        module.graph for module in exported.graph_module.modules() if hasattr(module, "graph")
    ]
    operators = {str(n.target) for graph in graphs for n in graph.nodes if "." in str(n.target)}
    assert {"aten.conv2d.default", "aten.relu_.default", "aten.unflatten.int"} <= operators
    assert all(name.startswith("aten.") for name in operators)


class _Predict(torch.nn.Module):
    def __init__(self, head) -> None:
        super().__init__()
        self.head = head

    def forward(self, features):
        return self.head.predict(features)
