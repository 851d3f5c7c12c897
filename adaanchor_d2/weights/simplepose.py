"""SimplePose (Simple Baselines, microsoft/human-pose-estimation.pytorch): ResNets, deconvolutions.

Grid: the target of a keypoint at crop pixel index x is centred on ``floor(x / 4 + 0.5)``, and index
j is decoded to crop pixel index 4 j (both maps put the box centre at half the size). Pixel index i
lies at i + 0.5, so j sits at 4 j + 0.5 = 4 (j + 0.125).

Its crop is not imitated: it puts the box centre at pixel *index* W / 2, half a crop pixel right of
ours, and takes boxes of (w - 1, h - 1) around the same centre. That moves what is shown, not where
something shown is found, and ours is undone by its exact inverse.

Colour: its images come from OpenCV's ``imread`` as BGR and are never turned to RGB, yet normalized
by the RGB order's mean and deviation, which ``INPUT.FORMAT BGR`` alone reproduces.
"""

from .family import Family

QUARTER_INDEX_PLACE = 0.5 / 4

SIMPLEPOSE = Family(
    name="simplepose",
    title="SimplePose",
    place=QUARTER_INDEX_PLACE,
    renaming=(
        (r"(conv1|bn1|layer[1-4])\.", r"backbone.network.\g<0>"),
        (r"deconv_layers\.", "neck.layers."),
        (r"final_layer\.", "head.predictor."),
    ),
    signature=("layer1.0.conv1.weight", "deconv_layers.0.weight", "final_layer.weight"),
    settings=(("INPUT.FORMAT", "BGR"),),
)
