"""The trunk of the heads for person centres and keypoint heatmaps, and these heads."""

from detectron2.config import CfgNode, configurable
from detectron2.layers import ShapeSpec
from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock

from ...errors import InputError
from .base import KeypointHead
from .build import build_keypoint_head
from .heatmap_head import HeatmapHead


class CenterTrunk(nn.Module):
    """DEKR's: a 1x1 convolution to few channels with batch norm and ReLU, one residual block."""

    @configurable
    def __init__(self, *, input_shape: ShapeSpec, channels: int = 32) -> None:
        """
        Args:
            input_shape: channels and stride of the feature map.
            channels: that go out.
        """
        super().__init__()
        self._shape = ShapeSpec(channels=channels, stride=input_shape.stride)
        self.transition = nn.Sequential(
            nn.Conv2d(input_shape.channels, channels, kernel_size=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True),
        )
        self.block = BasicBlock(channels, channels)

    @classmethod
    def from_config(cls, cfg: CfgNode, input_shape: ShapeSpec) -> dict:
        channels = cfg.MODEL.CENTER.TRUNK_CHANNELS
        if channels < 1:
            raise InputError(f"MODEL.CENTER.TRUNK_CHANNELS is {channels}, but must be at least 1.")
        return {"input_shape": input_shape, "channels": channels}

    def output_shape(self) -> ShapeSpec:
        return self._shape

    def forward(self, features: Tensor) -> Tensor:
        """Map features (B, C, H, W) to (B, channels, H, W)."""
        return self.block(self.transition(features))


def build_center_head(cfg: CfgNode, input_shape: ShapeSpec) -> KeypointHead:
    """Build the head that ``MODEL.KEYPOINT_HEAD`` describes for one type, the person's centre."""
    own = cfg.clone()
    own.defrost()
    own.MODEL.KEYPOINT_HEAD.NUM_KEYPOINTS = 1
    return build_keypoint_head(own, input_shape)


def build_keypoint_heatmaps(cfg: CfgNode, input_shape: ShapeSpec) -> HeatmapHead | None:
    """Build DEKR's keypoint heatmaps, or None where ``MODEL.CENTER.KEYPOINT_HEATMAPS`` is False."""
    center = cfg.MODEL.CENTER
    if not center.KEYPOINT_HEATMAPS:
        return None
    if center.KEYPOINT_SIGMA <= 0:
        raise InputError(
            f"MODEL.CENTER.KEYPOINT_SIGMA must be positive, not {center.KEYPOINT_SIGMA}."
        )
    own = cfg.clone()
    own.defrost()
    own.MODEL.KEYPOINT_HEAD.HEATMAP_SIGMA = center.KEYPOINT_SIGMA
    return HeatmapHead(own, input_shape)
