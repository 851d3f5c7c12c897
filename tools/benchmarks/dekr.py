"""DEKR's adaptive convolutions: all keypoints in grouped form against one keypoint at a time."""

import argparse
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile
from torchvision.ops import deform_conv2d

from adaanchor_d2.errors import InputError
from adaanchor_d2.modeling.heads.adaptive_conv import (
    AdaptiveBlock,
    by_grid_sample,
    by_operator,
    by_rows,
)

from .timing import interleave

CHANNELS, NUM_BLOCKS = 15, 2
# Parts of the names of the operators that do a part of the work; the rest is where to sample,
# normalization and copies.
PARTS = {
    "sampling": ("embedding_bag", "grid_sampler", "deform_conv2d"),
    "matrix_product": ("aten::mm", "aten::bmm", "aten::addmm"),
    "convolution": ("conv",),
}


def time_dekr(args: argparse.Namespace) -> dict:
    """Two adaptive blocks per keypoint on one random image: both ways, and the forms alone.

    ``ratio`` is the grouped time over that of one by one; ``share_*`` are of the grouped time.
    """
    if args.keypoints < 1:
        raise InputError(f"--keypoints is {args.keypoints}, but must be at least 1.")
    blocks, features = make_blocks(args.keypoints, *args.map_size, args.device)
    if args.train:
        functions = {
            "one_by_one": lambda: _step(one_by_one, blocks, features),
            "grouped": lambda: _step(grouped, blocks, features),
        }
        times = interleave(functions, args.repeats, args.device)
        shares = work_shares(functions["grouped"])
    else:
        with torch.inference_mode():
            functions = {
                "one_by_one": lambda: one_by_one(blocks, features),
                "grouped": lambda: grouped(blocks, features),
                **_forms(blocks[0], features),
            }
            times = interleave(functions, args.repeats, args.device)
            shares = work_shares(functions["grouped"])
    return {
        "map_size": list(args.map_size),
        "keypoints": args.keypoints,
        "train": args.train,
        "largest_difference": largest_difference(blocks, features),
        **times,
        "ratio": round(times["grouped_ms"] / times["one_by_one_ms"], 4),
        **{f"share_{part}": share for part, share in shares.items()},
    }


def make_blocks(keypoints: int, height: int, width: int, device: str):
    """Return the blocks, with points moved by about a cell, and features (1, K C, H, W)."""
    torch.manual_seed(0)
    blocks = nn.Sequential(*(AdaptiveBlock(keypoints, CHANNELS) for _ in range(NUM_BLOCKS)))
    for block in blocks:
        nn.init.normal_(block.affine.weight, std=0.05)
    features = torch.randn(1, keypoints * CHANNELS, height, width)
    return blocks.eval().to(device), features.to(device)


def grouped(blocks: Iterable[AdaptiveBlock], features: Tensor) -> Tensor:
    return blocks(features)


def one_by_one(blocks: Iterable[AdaptiveBlock], features: Tensor) -> Tensor:
    """As the official code: every keypoint's branch by itself, an operator call for each block."""
    branches = []
    for keypoint, branch in enumerate(features.split(CHANNELS, dim=1)):
        for block in blocks:
            branch = _adapt_one(block, keypoint, branch)
        branches.append(branch)
    return torch.cat(branches, dim=1)


def _adapt_one(block: AdaptiveBlock, keypoint: int, branch: Tensor) -> Tensor:
    rows = slice(keypoint * CHANNELS, (keypoint + 1) * CHANNELS)
    six = slice(keypoint * 6, (keypoint + 1) * 6)
    conv = nn.functional.conv2d
    affine = conv(branch, block.affine.weight[six], block.affine.bias[six], padding=1)
    affine = affine.unflatten(1, (2, 3))
    offsets = torch.einsum("bachw,cn->bnahw", affine, block.points[keypoint]).flatten(1, 2)
    output = deform_conv2d(branch, offsets, block.conv.weight[rows], padding=1)
    norm = block.norm
    output = nn.functional.batch_norm(
        output, norm.running_mean[rows], norm.running_var[rows], norm.weight[rows], norm.bias[rows]
    )
    return torch.relu(output + branch)


def _forms(block: AdaptiveBlock, features: Tensor) -> dict[str, Callable]:
    """The forms of one adaptive convolution, for all keypoints."""
    affine = block.affine(features).unflatten(1, (block.groups, 2, 3))
    inputs = (features, affine, block.points, block.conv.weight)
    return {
        "form_operator": lambda: by_operator(*inputs),
        "form_grid_sample": lambda: by_grid_sample(*inputs),
        "form_rows": lambda: by_rows(*inputs),
    }


def _step(run: Callable, blocks: nn.Sequential, features: Tensor) -> None:
    blocks.zero_grad()
    run(blocks, features.requires_grad_()).sum().backward()


@torch.no_grad()
def largest_difference(blocks: nn.Sequential, features: Tensor) -> float:
    """Return the largest difference of both ways over the largest output."""
    expected = one_by_one(blocks, features)
    return float((grouped(blocks, features) - expected).abs().max() / expected.abs().max())


def work_shares(function: Callable) -> dict[str, float]:
    """Return the shares of the work's parts in a function's processor time."""
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        function()
    parts = {**dict.fromkeys(PARTS, 0.0), "rest": 0.0}
    for operator in profiler.key_averages():
        named = (part for part, names in PARTS.items() if any(n in operator.key for n in names))
        parts[next(named, "rest")] += operator.self_cpu_time_total
    total = sum(parts.values())
    return {part: round(time / total, 3) for part, time in parts.items()}
