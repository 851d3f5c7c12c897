"""Necks that join all features of a backbone in one map (HRNet's branches)."""

import torch
import torch.nn.functional as F
from detectron2.config import CfgNode, configurable
from detectron2.layers import ShapeSpec
from torch import Tensor, nn

from .neck import NECK_REGISTRY, build_norm


@NECK_REGISTRY.register()
class ConcatFeatures(nn.Module):
    """All features, brought to the finest one's size (bilinearly) and concatenated, finest first.

    How HRNetV2 and DEKR represent HRNet's branches.
    """

    @configurable
    def __init__(self, *, input_shapes: dict[str, ShapeSpec]) -> None:
        """
        Args:
            input_shapes: the backbone's features; all are read.
        """
        super().__init__()
        self.in_features = sorted(input_shapes, key=lambda name: input_shapes[name].stride)
        self._shape = ShapeSpec(
            channels=sum(shape.channels for shape in input_shapes.values()),
            stride=input_shapes[self.in_features[0]].stride,
        )

    @classmethod
    def from_config(cls, cfg: CfgNode, input_shapes: dict[str, ShapeSpec]) -> dict:
        return {"input_shapes": input_shapes}

    def output_shape(self) -> ShapeSpec:
        return self._shape

    def forward(self, features: dict[str, Tensor]) -> Tensor:
        finest, *others = (features[name] for name in self.in_features)
        size = finest.shape[-2:]
        return torch.cat(
            [finest, *(F.interpolate(x, size, mode="bilinear") for x in others)], dim=1
        )


@NECK_REGISTRY.register()
class MixFeatures(ConcatFeatures):
    """Concatenated features, mixed by a 1x1 convolution with normalization and ReLU.

    As many channels go out as come in: HRNet's facial model.
    """

    @configurable
    def __init__(self, *, input_shapes: dict[str, ShapeSpec], norm: str = "BN") -> None:
        super().__init__(input_shapes=input_shapes)
        channels = self._shape.channels
        conv = nn.Conv2d(channels, channels, kernel_size=1)
        nn.init.normal_(conv.weight, std=0.001)
        layers = [conv, build_norm(norm, channels), nn.ReLU(inplace=True)]
        self.layers = nn.Sequential(*(layer for layer in layers if layer is not None))

    @classmethod
    def from_config(cls, cfg: CfgNode, input_shapes: dict[str, ShapeSpec]) -> dict:
        return {**super().from_config(cfg, input_shapes), "norm": cfg.MODEL.NECK.NORM}

    def forward(self, features: dict[str, Tensor]) -> Tensor:
        return self.layers(super().forward(features))
