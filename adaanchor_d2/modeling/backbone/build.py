"""Build the configured backbone, with the mistakes a config can hold told in a sentence."""

import detectron2
from detectron2.config import CfgNode
from detectron2.modeling import BACKBONE_REGISTRY, Backbone, build_backbone

from ...errors import InputError


def build_checked_backbone(cfg: CfgNode) -> Backbone:
    """Build ``MODEL.BACKBONE.NAME`` and check that ``INPUT.CROP_SIZE`` divides by its strides."""
    name = cfg.MODEL.BACKBONE.NAME
    if name not in BACKBONE_REGISTRY:
        known = ", ".join(sorted(known for known, _ in BACKBONE_REGISTRY))
        lite = "lite" in detectron2.__version__
        hint = " (Detectron2's own need Detectron2: see its installation guide)" if lite else ""
        raise InputError(
            f"MODEL.BACKBONE.NAME {name!r} is no known backbone; known are {known}{hint}."
        )
    backbone = build_backbone(cfg)
    strides = [shape.stride for shape in backbone.output_shape().values()]
    divisor = max([backbone.size_divisibility, *strides])
    if any(side % divisor for side in cfg.INPUT.CROP_SIZE):
        raise InputError(
            f"INPUT.CROP_SIZE {tuple(cfg.INPUT.CROP_SIZE)} must divide by {divisor}, the stride of "
            f"backbone {name}."
        )
    return backbone
