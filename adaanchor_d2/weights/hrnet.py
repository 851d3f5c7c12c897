"""HRNet for human pose (leoxiaobin/deep-high-resolution-net.pytorch): the highest branch.

Grid and crop are SimplePose's, whose code it grew from.
"""

from .family import Family
from .simplepose import QUARTER_INDEX_PLACE

HRNET_BACKBONE = r"(conv[12]|bn[12]|layer1|transition[1-3]|stage[2-4])\."
# Outputs of the last module below the highest branch.
LOWER_OUTPUTS = r"stage4\.2\.fuse_layers\.[123]\."
RGB = ("INPUT.FORMAT", "RGB")
NEAREST = ("MODEL.TIMM.HRNET_UPSAMPLING", "nearest")

HRNET = Family(
    name="hrnet",
    title="HRNet (pose)",
    place=QUARTER_INDEX_PLACE,
    renaming=(
        (HRNET_BACKBONE, r"backbone.network.\g<0>"),
        (r"final_layer\.", "head.predictor."),
    ),
    signature=("stage4.0.branches.0.0.conv1.weight", "final_layer.weight"),
    may_stay=(LOWER_OUTPUTS,),
    settings=(NEAREST, RGB),
)
