import pytest
import torch
from fvcore.nn import sigmoid_focal_loss

from adaanchor_d2.modeling.losses import (
    anchor_focal_loss,
    heatmap_mse_loss,
    l1_offset_loss,
    render_heatmaps,
)


@pytest.mark.parametrize("alpha", [0.25, -1])
@pytest.mark.parametrize("dense_mask", [True, False])
def test_focal_equals_the_dense_form(alpha, dense_mask):
    torch.manual_seed(0)
    logits = torch.randn(6, 20, dtype=torch.float64, requires_grad=True)
    supervised = torch.rand(6, 20 if dense_mask else 1) > 0.4
    positive = torch.tensor([3, 25, 77, 119])
    loss = anchor_focal_loss(logits, positive, supervised, alpha, 2.0)
    (gradient,) = torch.autograd.grad(loss, logits)

    target = torch.zeros(6, 20, dtype=torch.float64)
    target.view(-1)[positive] = 1
    counted = supervised.expand(6, 20) | (target > 0)
    dense = (sigmoid_focal_loss(logits, target, alpha, 2.0) * counted).sum()
    (expected,) = torch.autograd.grad(dense, logits)
    # fvcore computes in float32.
    torch.testing.assert_close(loss, dense.double(), rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(gradient, expected, rtol=1e-4, atol=1e-6)


def test_focal_by_hand():
    logits = torch.tensor([[0.0, 0.0]])
    loss = anchor_focal_loss(logits, torch.tensor([1]), torch.ones(1, 1, dtype=torch.bool))
    assert loss.item() == pytest.approx((0.75 + 0.25) * 0.25 * 0.6931472, rel=1e-6)


def test_focal_is_finite_at_extreme_half_precision_logits():
    logits = torch.tensor([[6e4, -6e4]], dtype=torch.float16, requires_grad=True)
    loss = anchor_focal_loss(logits, torch.tensor([1]), torch.ones(1, 1, dtype=torch.bool))
    loss.backward()
    assert loss.dtype == torch.float32
    assert loss.isfinite() and logits.grad.isfinite().all()


def test_empty_targets_give_zero_losses_with_a_graph():
    none = torch.zeros(0, dtype=torch.int64)
    logits = torch.randn(2, 4, requires_grad=True)
    offsets = torch.randn(2, 2, 2, 2, requires_grad=True)
    loss = anchor_focal_loss(logits, none, torch.zeros(2, 1, dtype=torch.bool))
    loss = loss + l1_offset_loss(offsets, none, none, torch.zeros(0, 2), 0.5)
    loss.backward()
    assert loss.item() == 0
    assert logits.grad.abs().sum() == 0 and offsets.grad.abs().sum() == 0


def test_offset_loss_by_hand():
    offsets = torch.zeros(2, 2, 2, 3)
    offsets[1, :, 1, 2] = torch.tensor([0.5, -1.0])
    # Candidate (2.5, 1.5) of map 1; the target is (1, 2) away from it.
    loss = l1_offset_loss(
        offsets, torch.tensor([1]), torch.tensor([5]), torch.tensor([[3.5, 3.5]]), 0.5
    )
    assert loss.item() == pytest.approx(0.5 + 3.0)


def test_rounded_and_subpixel_heatmaps():
    xy = torch.tensor([[2.8, 1.9]])
    index = torch.tensor([0])
    rounded = render_heatmaps(xy, index, 1, 4, 5, 2.0, True)[0]
    assert rounded[1, 2] == 1.0
    assert rounded[1, 3] == pytest.approx(torch.tensor(-1 / 8).exp().item())
    subpixel = render_heatmaps(xy, index, 1, 4, 5, 2.0, False)[0]
    expected = torch.tensor(-(0.3**2 + 0.4**2) / 8).exp().item()
    assert subpixel[1, 2] == pytest.approx(expected)


def test_heatmaps_join_by_maximum_and_are_cut_at_three_sigma():
    xy = torch.tensor([[1.5, 0.5], [9.5, 0.5]])
    heatmap = render_heatmaps(xy, torch.tensor([1, 1]), 2, 1, 11, 1.0, True)
    assert heatmap[0].abs().sum() == 0
    assert heatmap[1, 0, [1, 9]].tolist() == [1.0, 1.0]
    assert heatmap[1, 0, 4] > 0 and heatmap[1, 0, 5] == 0


def test_heatmap_loss_counts_supervised_maps_only():
    target = torch.ones(2, 2, 2)
    supervised = torch.tensor([True, False])[:, None, None]
    assert heatmap_mse_loss(torch.zeros(2, 2, 2), target, supervised).item() == 2.0
