"""HRNet for facial landmarks (HRNet/HRNet-Facial-Landmark-Detection): four branches joined.

Grid: with u the landmark in heatmap units by its affine map t (box centre at half the size), the
target is centred on ``int(u)`` and index j is decoded to u = j + 0.5. By t alone the place would be
0.5. But its crop is not cut by t: the first image column is ``int(t^-1(-1)) + 1``, one crop pixel
before the region's edge, half an image pixel later on average over the truncation, and a pixel's
own half makes that one crop pixel: what t puts at crop position 4 u is shown at 4 u + 1, at any
scale at which the image is not shrunk first. So the network finds at index j what lies at
4 (j + 0.5) + 1 = 4 (j + 0.75).

Not imitated: the truncation itself (+- half an image pixel, crop by crop), that of the final
coordinates to whole pixels, and the flip's extra pixel (x -> W - x of an index).
"""

from .family import Family
from .hrnet import HRNET_BACKBONE, LOWER_OUTPUTS

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
    settings=(BILINEAR,),
)
