"""Build the configured backbone, with the mistakes a config can hold told in a sentence."""

import detectron2
from detectron2.config import CfgNode
from detectron2.modeling import BACKBONE_REGISTRY, Backbone, build_backbone
from torch import nn

from ...errors import InputError


def build_checked_backbone(cfg: CfgNode) -> Backbone:
    """Build ``MODEL.BACKBONE.NAME``, or list the known ones."""
    name = cfg.MODEL.BACKBONE.NAME
    if name not in BACKBONE_REGISTRY:
        known = ", ".join(sorted(known for known, _ in BACKBONE_REGISTRY))
        lite = "lite" in detectron2.__version__
        hint = " (Detectron2's own need Detectron2: see its installation guide)" if lite else ""
        raise InputError(
            f"MODEL.BACKBONE.NAME {name!r} is no known backbone; known are {known}{hint}."
        )
    return build_backbone(cfg)


def size_divisor(backbone: Backbone, neck: nn.Module) -> int:
    """What the sides of images must divide by: for the backbone, and for what the neck reads.

    Features that the neck leaves alone (an FPN's p6) ask for nothing.
    """
    shapes = backbone.output_shape()
    read = getattr(neck, "in_features", shapes)
    return max([backbone.size_divisibility, *(shapes[feature].stride for feature in read)])


def check_crop_size(cfg: CfgNode, backbone: Backbone, neck: nn.Module) -> None:
    """Check that ``INPUT.CROP_SIZE`` divides by :func:`size_divisor`."""
    divisor = size_divisor(backbone, neck)
    if any(side % divisor for side in cfg.INPUT.CROP_SIZE):
        raise InputError(
            f"INPUT.CROP_SIZE {tuple(cfg.INPUT.CROP_SIZE)} must divide by {divisor}, the stride of "
            f"backbone {cfg.MODEL.BACKBONE.NAME}."
        )
