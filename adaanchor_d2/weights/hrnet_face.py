"""HRNet for facial landmarks (HRNet/HRNet-Facial-Landmark-Detection): four branches joined.

Grid: with u the landmark in heatmap units by its affine map t (box centre at half the size), the
target is centred on ``int(u)`` and index j is decoded to u = j + 0.5. By t alone the place would be
0.5. But its crop is not cut by t. The first image column of the crop is ``int(t^-1(-1)) + 1``: one
crop pixel before the region's edge, and half an image pixel later on average over the truncation,
which the half of a pixel's own width outweighs. So what t puts at 4 u is shown at 4 u + 1, whatever
the scale (less, from 4 u + 0.75 on, for faces so large that the image is shrunk first), and the
network finds at index j what lies at 4 (j + 0.5) + 1 = 4 (j + 0.75) of the crop.

Not imitated: the truncation itself (+- half an image pixel, crop by crop) and that of the final
coordinates to whole pixels. Its flip takes x to W - x: where annotations are pixel indices, that
moves half of the training targets by an image pixel, and the mean place in x would be 0.75 - s / 8
at s crop pixels per image pixel; where they are continuous coordinates, the flip is right.
"""

from .family import Family
from .hrnet import HRNET_BACKBONE, LOWER_OUTPUTS, RGB

BILINEAR = ("MODEL.TIMM.HRNET_UPSAMPLING", "bilinear")

HRNET_FACE = Family(
    name="hrnet-face",
    title="HRNet (facial landmarks)",
    place=0.75,
    renaming=(
        (HRNET_BACKBONE, r"backbone.network.\g<0>"),
        (r"head\.(?=[01]\.)", "neck.layers."),
        (r"head\.3\.", "head.predictor."),
    ),
    signature=("stage4.0.branches.0.0.conv1.weight", "head.3.weight"),
    may_stay=(LOWER_OUTPUTS,),
    settings=(BILINEAR, RGB),
)
