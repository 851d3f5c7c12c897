"""Backbones by name."""

from detectron2.layers import ShapeSpec
from detectron2.utils.registry import PartialRegistry

from .backbone import Backbone

BACKBONE_REGISTRY = PartialRegistry(
    "BACKBONE",
    "backbone",
    lacking=(
        "build_resnet_backbone",
        "build_resnet_fpn_backbone",
        "build_retinanet_resnet_fpn_backbone",
    ),
)
BACKBONE_REGISTRY.__doc__ = """Callables (cfg, input_shape: ShapeSpec) -> Backbone."""


def build_backbone(cfg, input_shape: ShapeSpec | None = None) -> Backbone:
    """Build the backbone that ``MODEL.BACKBONE.NAME`` names.

    Args:
        cfg: the config.
        input_shape: the images; by default as many channels as ``MODEL.PIXEL_MEAN`` has numbers.
    """
    if input_shape is None:
        input_shape = ShapeSpec(channels=len(cfg.MODEL.PIXEL_MEAN))
    backbone = BACKBONE_REGISTRY.get(cfg.MODEL.BACKBONE.NAME)(cfg, input_shape)
    assert isinstance(backbone, Backbone), type(backbone)
    return backbone
