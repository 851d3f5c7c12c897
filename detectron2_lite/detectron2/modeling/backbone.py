"""The interface of a feature network, and backbones by name."""

from abc import ABCMeta, abstractmethod

import torch
from torch import nn

from detectron2.layers import ShapeSpec
from detectron2.utils.registry import PartialRegistry

BACKBONE_REGISTRY = PartialRegistry(
    "BACKBONE",
    "backbone",
    "build_resnet_backbone build_resnet_fpn_backbone build_retinanet_resnet_fpn_backbone",
)
BACKBONE_REGISTRY.__doc__ = """Callables (cfg, input_shape: ShapeSpec) -> Backbone."""


class Backbone(nn.Module, metaclass=ABCMeta):
    """A network that turns images (B, C, H, W) into named feature maps.

    Unless it overrides :meth:`output_shape`, a subclass sets ``_out_features`` (names),
    ``_out_feature_channels`` and ``_out_feature_strides`` (dicts by name).
    """

    @abstractmethod
    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the feature maps by name."""

    @property
    def size_divisibility(self) -> int:
        """What height and width of the images must be multiples of; 0 is no limit."""
        return 0

    @property
    def padding_constraints(self) -> dict[str, int]:
        """As :meth:`ImageList.from_tensors` takes it."""
        return {}

    def output_shape(self) -> dict[str, ShapeSpec]:
        """Channels and stride of each feature map, by name."""
        channels, strides = self._out_feature_channels, self._out_feature_strides
        return {
            name: ShapeSpec(channels=channels[name], stride=strides[name])
            for name in self._out_features
        }


def build_backbone(cfg, input_shape: ShapeSpec | None = None) -> Backbone:
    """Build the backbone that ``MODEL.BACKBONE.NAME`` names.

    Args:
        cfg: the config.
        input_shape: the images; by default as many channels as ``MODEL.PIXEL_MEAN`` has numbers.
    """
    input_shape = input_shape or ShapeSpec(channels=len(cfg.MODEL.PIXEL_MEAN))
    backbone = BACKBONE_REGISTRY.get(cfg.MODEL.BACKBONE.NAME)(cfg, input_shape)
    assert isinstance(backbone, Backbone), type(backbone)
    return backbone
