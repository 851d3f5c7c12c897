"""Every form against one group at a time by torchvision's operator."""

import pytest
import torch
import torch.nn.functional as F
from torchvision.ops import deform_conv2d

from adaanchor_d2.modeling.heads.adaptive_conv import (
    AdaptiveBlock,
    adaptive_conv,
    by_grid_sample,
    by_operator,
    by_rows,
    regular_points,
)

FORMS = [by_operator, by_grid_sample, by_rows]
# (B, K, C, D, H, W) and how far the points move, in cells.
CASES = [
    ((2, 3, 5, 4, 7, 11), 0.5),
    ((1, 17, 15, 15, 13, 9), 1.0),
    ((1, 2, 3, 3, 5, 6), 30.0),
    ((2, 1, 4, 2, 1, 3), 2.0),
    ((1, 2, 3, 3, 4, 4), 0.0),
]


def make_inputs(sizes, spread, dtype=torch.float64):
    torch.manual_seed(0)
    batch, groups, channels, outputs, height, width = sizes
    features = torch.randn(batch, groups * channels, height, width, dtype=dtype)
    affine = torch.randn(batch, groups, 2, 3, height, width, dtype=dtype) * spread
    points = regular_points().to(dtype) + 0.1 * torch.randn(groups, 3, 9, dtype=dtype)
    weight = torch.randn(groups * outputs, channels, 3, 3, dtype=dtype)
    return features, affine, points, weight


def one_by_one(features, affine, points, weight):
    """One operator call a group; offsets written out point by point."""
    groups, channels = affine.shape[1], weight.shape[1]
    outputs = []
    for group in range(groups):
        (a, b, t_y), (c, d, t_x) = (row.unbind(1) for row in affine[:, group].unbind(1))
        offsets = []
        for y, x, one in points[group].t():
            offsets += [a * y + b * x + t_y * one, c * y + d * x + t_x * one]
        part = features[:, group * channels : (group + 1) * channels]
        kernel = weight.chunk(groups)[group]
        outputs.append(deform_conv2d(part, torch.stack(offsets, dim=1), kernel, padding=1))
    return torch.cat(outputs, dim=1)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("sizes", "spread"), CASES)
def test_forms_equal_one_by_one(form, sizes, spread):
    inputs = make_inputs(sizes, spread)
    torch.testing.assert_close(form(*inputs), one_by_one(*inputs), rtol=0, atol=1e-11)


@pytest.mark.parametrize("form", FORMS)
def test_float32_is_exact_to_1e_5_on_a_large_map(form):
    inputs = make_inputs((1, 2, 15, 15, 96, 128), 0.5)
    expected = one_by_one(*inputs)
    output = form(*(tensor.float() for tensor in inputs)).double()
    assert (output - expected).abs().max() < 1e-5 * expected.abs().max()


@pytest.mark.parametrize(("sizes", "spread"), CASES)
def test_gradients_equal_one_by_one(sizes, spread):
    inputs = [tensor.requires_grad_() for tensor in make_inputs(sizes, spread)]
    inputs[2].requires_grad_(False)
    output, expected = adaptive_conv(*inputs), one_by_one(*inputs)
    towards = torch.randn_like(output)
    wrt = (inputs[0], inputs[1], inputs[3])
    gradients = torch.autograd.grad(output, wrt, towards)
    wanted = torch.autograd.grad(expected, wrt, towards)
    for gradient, reference in zip(gradients, wanted, strict=True):
        torch.testing.assert_close(gradient, reference, rtol=0, atol=1e-10)


def test_without_gradients_the_result_is_the_same():
    inputs = [tensor.requires_grad_() for tensor in make_inputs(*CASES[0])]
    with_gradients = adaptive_conv(*inputs)
    assert with_gradients.requires_grad
    with torch.no_grad():
        torch.testing.assert_close(adaptive_conv(*inputs), with_gradients, rtol=0, atol=1e-12)
    for tensor in inputs:
        tensor.requires_grad_(False)
    torch.testing.assert_close(adaptive_conv(*inputs), with_gradients.detach())


@pytest.mark.parametrize("form", FORMS)
def test_channels_last_is_the_same(form):
    features, affine, *rest = make_inputs(*CASES[0])
    expected = form(features, affine, *rest)
    affine = affine.flatten(1, 3).to(memory_format=torch.channels_last).view_as(affine)
    features = features.to(memory_format=torch.channels_last)
    torch.testing.assert_close(form(features, affine, *rest), expected, rtol=0, atol=1e-12)


def test_points_outside_count_zero():
    features, affine, _, weight = make_inputs((1, 1, 3, 2, 6, 6), 0.0)
    points = regular_points().double()[None]
    affine[:, :, 0, 2] = 1e6
    for form in FORMS:
        assert form(features, affine, points, weight).abs().max() == 0
    affine[:, :, 0, 2] = -6.5
    for form in FORMS:
        output = form(features, affine, points, weight)
        assert output[..., :5, :].abs().max() == 0 and output[..., 5, :].abs().min() > 0


def test_a_point_that_is_not_a_number_stays_where_it_is():
    features, affine, points, weight = make_inputs(*CASES[0])
    affine[0, 1, 0, 2, 3, 4] = torch.nan
    affine[1, 2, 1, 2, 0, 0] = torch.inf
    output = by_rows(features, affine, points, weight)
    assert output.isnan().nonzero()[:, [0, 2, 3]].unique(dim=0).tolist() == [[0, 3, 4]]


def test_a_new_block_is_a_plain_residual_convolution():
    torch.manual_seed(0)
    block = AdaptiveBlock(groups=2, channels=3).eval()
    features = torch.randn(2, 6, 5, 7)
    plain = F.conv2d(features, block.conv.weight, padding=1, groups=2)
    expected = F.relu(plain / (1 + block.norm.eps) ** 0.5 + features)
    torch.testing.assert_close(block(features), expected, rtol=1e-5, atol=1e-5)


def test_groups_do_not_see_each_other():
    torch.manual_seed(0)
    block = AdaptiveBlock(groups=2, channels=3).eval()
    torch.nn.init.normal_(block.affine.weight)
    features = torch.randn(1, 6, 5, 7)
    changed = features.clone()
    changed[:, 3:] += 1
    with torch.no_grad():
        before, after = block(features), block(changed)
    assert torch.equal(before[:, :3], after[:, :3]) and not torch.equal(before[:, 3:], after[:, 3:])
