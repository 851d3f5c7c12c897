"""Associative Embedding on HRNet-W32: the official bottom-up models and MMPose's.

``hrnet-ae`` is HigherHRNet-Human-Pose-Estimation without its deconvolution stage: one convolution
gives K heatmaps and K tags at a quarter of the input. ``higherhrnet`` has the stage: K more
heatmaps at a half. MMPose's ``ae_hrnet`` models are the former.

Grid: the target of a keypoint at input pixel index x is centred on ``floor(x / 4)``, so index j is
trained with indices 4 j to 4 j + 4, 4 j + 2 on average. Decoding agrees: heatmaps are brought to
the input's size bilinearly (index j to pixel 4 j + 1.5) and half a pixel is added. Pixel index i
lies at i + 0.5: 4 j + 2.5 = 4 (j + 0.625). At a half: 2 j + 1.5 = 2 (j + 0.75). MMPose's published
file is of 2020, so of its 0.x versions, which floor alike; 1.x offers the same file and decodes it
alike (``decode_center_shift`` 0.5 at the input's size). But what is *trained* with 1.x has its
targets at the nearest cell, ``floor(x / 4 + 0.5)``: there 0.125 would be right.

Not imitated: the official flip takes heatmap coordinate x to W - 1 - x, which puts the targets of
mirrored training images 0.75 cells too far left; decoding knows nothing of it.
"""

from dataclasses import replace

from .family import Family
from .hrnet import HRNET_BACKBONE, LOWER_OUTPUTS, NEAREST, RGB

HEATMAPS_AND_TAGS = ("head.predictor.", "tagger.head.predictor.")

HRNET_AE = Family(
    name="hrnet-ae",
    title="HRNet (Associative Embedding)",
    place=0.625,
    renaming=((HRNET_BACKBONE, r"backbone.network.\g<0>"),),
    splits=((r"final_layers\.0\.", HEATMAPS_AND_TAGS),),
    signature=("stage4.0.branches.0.0.conv1.weight", "final_layers.0.weight"),
    may_stay=(LOWER_OUTPUTS,),
    settings=(NEAREST, RGB),
    meta_architecture="BottomUpPose",
)

MMPOSE_AE = replace(
    HRNET_AE,
    name="mmpose",
    title="MMPose (HRNet, Associative Embedding)",
    renaming=((rf"backbone\.(?={HRNET_BACKBONE})", "backbone.network."),),
    splits=((r"head\.final_layer\.", HEATMAPS_AND_TAGS),),
    signature=("backbone.stage4.0.branches.0.0.conv1.weight", "head.final_layer.weight"),
    may_stay=(rf"backbone\.{LOWER_OUTPUTS}",),
)

HIGHERHRNET = replace(
    HRNET_AE,
    name="higherhrnet",
    title="HigherHRNet",
    head_place=0.75,
    renaming=(
        *HRNET_AE.renaming,
        (r"deconv_layers\.0\.", "head.layers."),
        (r"final_layers\.1\.", "head.predictor."),
    ),
    splits=((r"final_layers\.0\.", ("head.coarse.predictor.", "tagger.head.predictor.")),),
    signature=(*HRNET_AE.signature, "deconv_layers.0.0.0.weight"),
    anchor_rule="HigherHeatmapAnchor",
)
