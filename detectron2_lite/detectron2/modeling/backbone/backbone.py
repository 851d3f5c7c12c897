"""The interface of a feature network."""

from abc import ABCMeta, abstractmethod

import torch
from torch import nn

from detectron2.layers import ShapeSpec


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
