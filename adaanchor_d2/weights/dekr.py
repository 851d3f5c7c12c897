"""DEKR: the official models (HRNet-W32 and W48; COCO, CrowdPose) and MMPose's 1.x ones.

Differences from ours, all in the weights: K heatmaps and the centre's share a convolution, the
centre last; every keypoint's branch is a set of weights of its own (MMPose's are grouped, as ours);
the affine map is predicted as A + I by one convolution and t by another (MMPose: A and t by one);
offsets point from the keypoint to the candidate (MMPose: as ours).

Grid: images and keypoints go through one affine map of pixel indices, which takes the centre to
half the width of the input, and of the maps a quarter as large. So a keypoint at input pixel index
x has its target at index x / 4 exactly, without rounding, and is decoded as 4 (index + offset).
MMPose's ``SPR`` codec rounds the centre of a Gaussian to the nearest cell, which adds nothing on
average, but not the end of an offset. Pixel index 4 j lies at 4 j + 0.5 = 4 (j + 0.125).

Not imitated: the official flip takes heatmap coordinate x to W - 1 - x, which puts the targets of
mirrored training images 0.75 cells too far left; decoding knows nothing of it (the flip test moves
the mirrored image by the three pixels instead). MMPose mirrors keypoints in the image.
"""

from dataclasses import replace

import torch
from torch import Tensor

from .family import Family
from .hrnet import HRNET_BACKBONE, NEAREST, RGB
from .simplepose import QUARTER_INDEX_PLACE

HEATMAPS_AND_CENTER = ("keypoint_head.predictor.", "head.predictor.")
ADAPTIVE = ("MODEL.CENTER.OFFSET_BRANCH", "adaptive")
BRANCH = r"offset_feature_layers\.\d+\.(\d+)\."
BLOCKS = r"pose_head\.blocks\.\d+\."


def _rows(parts: list[Tensor], ours: Tensor) -> Tensor:
    """The branches' rows one below the other."""
    return torch.cat(parts)


def _opposite_rows(parts: list[Tensor], ours: Tensor) -> Tensor:
    return -torch.cat(parts)


def _first(parts: list[Tensor], ours: Tensor) -> Tensor:
    return parts[0]


def _affine_rows(parts: list[Tensor], ours: Tensor) -> Tensor:
    """A branch's four rows of A and two of t, in turn, to the rows of (A | t) of all branches."""
    matrices = torch.stack(parts[0::2]).unflatten(1, (2, 2))
    translations = torch.stack(parts[1::2]).unflatten(1, (2, 1))
    return torch.cat([matrices, translations], dim=2).flatten(0, 2)


def _affine_bias(parts: list[Tensor], ours: Tensor) -> Tensor:
    """The same of A + I."""
    identity = torch.tensor([1.0, 0.0, 0.0, 0.0, 1.0, 0.0])
    return _affine_rows(parts, ours) - identity.repeat(len(parts) // 2)


def _points(parts: list[Tensor], ours: Tensor) -> Tensor:
    """The branches' (2, 9) regular grids; a row of ones gives the translation."""
    grids = torch.stack(parts)
    return torch.cat([grids, torch.ones_like(grids[:, :1])], dim=1)


def _shared_points(parts: list[Tensor], ours: Tensor) -> Tensor:
    return parts[0].expand_as(ours).clone()


DEKR = Family(
    name="dekr",
    title="DEKR",
    place=QUARTER_INDEX_PLACE,
    renaming=(
        (HRNET_BACKBONE, r"backbone.network.\g<0>"),
        (r"transition_heatmap\.", "trunk.transition."),
        (r"head_heatmap\.0\.0\.", "trunk.block."),
        (r"transition_offset\.", "pose_head.transition."),
        (rf"{BRANCH}(transform_matrix|translation)_conv\.", r"pose_head.blocks.\1.affine."),
        (rf"{BRANCH}adapt_conv\.", r"pose_head.blocks.\1.conv."),
        (rf"{BRANCH}bn\.", r"pose_head.blocks.\1.norm."),
        (rf"{BRANCH}regular_matrix", r"pose_head.blocks.\1.points"),
        (r"offset_final_layer\.\d+\.", "pose_head.predictor."),
    ),
    splits=((r"head_heatmap\.1\.", HEATMAPS_AND_CENTER),),
    last_rows=1,
    joins=(
        (rf"{BLOCKS}affine\.weight", _affine_rows),
        (rf"{BLOCKS}affine\.bias", _affine_bias),
        (rf"{BLOCKS}points", _points),
        (rf"{BLOCKS}norm\.num_batches_tracked", _first),
        (BLOCKS, _rows),
        (r"pose_head\.predictor\.", _opposite_rows),
    ),
    signature=("stage4.0.branches.0.0.conv1.weight", "transition_offset.0.weight"),
    settings=(NEAREST, RGB, ADAPTIVE),
    meta_architecture="CenterPose",
)

DISPLACEMENT = r"head\.displacement_conv_layers\."


def _mmpose_block(theirs: int, ours: int) -> tuple[tuple[str, str], ...]:
    names = {
        r"transform_matrix_conv\.": "affine.",
        r"adapt_conv\.": "conv.",
        r"norm\.": "norm.",
        "regular_matrix": "points",
    }
    return tuple(
        (rf"{DISPLACEMENT}{theirs}\.{pattern}", f"pose_head.blocks.{ours}.{name}")
        for pattern, name in names.items()
    )


MMPOSE_DEKR = replace(
    DEKR,
    name="mmpose",
    title="MMPose (DEKR)",
    renaming=(
        (rf"backbone\.(?={HRNET_BACKBONE})", "backbone.network."),
        (r"head\.heatmap_conv_layers\.0\.conv\.", "trunk.transition.0."),
        (r"head\.heatmap_conv_layers\.0\.bn\.", "trunk.transition.1."),
        (r"head\.heatmap_conv_layers\.1\.", "trunk.block."),
        (rf"{DISPLACEMENT}0\.conv\.", "pose_head.transition.0."),
        (rf"{DISPLACEMENT}0\.bn\.", "pose_head.transition.1."),
        *_mmpose_block(1, 0),
        *_mmpose_block(2, 1),
        (rf"{DISPLACEMENT}3\.", "pose_head.predictor."),
    ),
    splits=((r"head\.heatmap_conv_layers\.2\.", HEATMAPS_AND_CENTER),),
    joins=((rf"{BLOCKS}points", _shared_points),),
    signature=(
        "backbone.stage4.0.branches.0.0.conv1.weight",
        "head.displacement_conv_layers.0.conv.weight",
    ),
    # Its scoring network, which sees input pixels and scores without the centre's; ours does not.
    may_stay=(r"head\.rescore_net\.",),
)
