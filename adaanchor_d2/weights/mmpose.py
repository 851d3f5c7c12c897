"""MMPose 1.x top-down heatmap models (td-hm) with a ResNet or HRNet backbone.

Grid: its ``MSRAHeatmap`` codec divides crop pixel indices by input size / heatmap size = 4, rounds
as SimplePose does, and multiplies by 4 to decode; crops are warped by pixel index. So the place is
SimplePose's, for its facial models too. Its UDP models (another codec, the same keys) are not
meant: their grid is another one.
"""

from dataclasses import replace

from .family import Family
from .hrnet import HRNET_BACKBONE, LOWER_OUTPUTS, NEAREST, RGB
from .hrnet_face import BILINEAR
from .simplepose import QUARTER_INDEX_PLACE

MMPOSE_RESNET = Family(
    name="mmpose",
    title="MMPose (ResNet)",
    place=QUARTER_INDEX_PLACE,
    renaming=(
        (r"backbone\.", "backbone.network."),
        (r"head\.deconv_layers\.", "neck.layers."),
        (r"head\.final_layer\.", "head.predictor."),
    ),
    signature=(
        "backbone.layer4.0.conv1.weight",
        "head.deconv_layers.0.weight",
        "head.final_layer.weight",
    ),
    settings=(RGB,),
)

MMPOSE_HRNET = replace(
    MMPOSE_RESNET,
    title="MMPose (HRNet)",
    renaming=(
        (rf"backbone\.(?={HRNET_BACKBONE})", "backbone.network."),
        (r"head\.final_layer\.", "head.predictor."),
    ),
    signature=("backbone.stage4.0.branches.0.0.conv1.weight", "head.final_layer.weight"),
    may_stay=(rf"backbone\.{LOWER_OUTPUTS}",),
    settings=(NEAREST, RGB),
)

MMPOSE_HRNET_FACE = replace(
    MMPOSE_HRNET,
    title="MMPose (HRNetV2, four branches)",
    renaming=(*MMPOSE_HRNET.renaming, (r"head\.conv_layers\.", "neck.layers.")),
    signature=(*MMPOSE_HRNET.signature, "head.conv_layers.0.weight"),
    settings=(BILINEAR, RGB),
)
