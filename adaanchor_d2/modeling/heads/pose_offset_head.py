"""Heads that regress a whole pose from a candidate: DEKR's adaptive branch and a plain one.

B images, K keypoint types, H W map size, S supervised candidates.
"""

from dataclasses import dataclass

import torch
from detectron2.config import CfgNode, configurable
from detectron2.layers import ShapeSpec
from torch import Tensor, nn

from ...errors import InputError
from ..losses import pose_offset_loss
from .adaptive_conv import AdaptiveBlock
from .base import mean_over_processes


@dataclass
class PoseSupervision:
    """Where pose offsets are supervised, with what and how much.

    Attributes:
        image_index: (S,) int64.
        anchor_index: (S,) int64, candidate = row * W + column.
        target: (S, K, 2), from the candidate to the person's keypoints, (x, y), stride units. Where
            the weight is 0 it may be anything.
        weight: (S, K), 0 for keypoints without a label; see ``pose_weights``.
    """

    image_index: Tensor
    anchor_index: Tensor
    target: Tensor
    weight: Tensor


class PoseOffsetHead(nn.Module):
    """Base of the two: offsets from every candidate to each keypoint of its person.

    It runs in float32 under automatic mixed precision. Subclasses compute (B, 2K, H, W) in
    ``_predict``, whose last layer is ``predictor``.
    """

    def __init__(self, num_keypoints: int, loss_weight: float) -> None:
        super().__init__()
        self.num_keypoints = num_keypoints
        self.loss_weight = loss_weight

    def _start_small(self) -> None:
        nn.init.normal_(self.predictor.weight, std=0.001)
        nn.init.zeros_(self.predictor.bias)

    def predict(self, features: Tensor) -> Tensor:
        """Return offsets (B, K, 2, H, W), (x, y), stride units, of features (B, C, H, W)."""
        with torch.autocast(features.device.type, enabled=False):
            offsets = self._predict(features.to(self.predictor.weight.dtype))
        return offsets.unflatten(1, (self.num_keypoints, 2))

    def losses(self, offsets: Tensor, supervision: PoseSupervision) -> dict[str, Tensor]:
        """Weighted smooth L1 over the supervised coordinates, divided by their number."""
        total = pose_offset_loss(
            offsets,
            supervision.image_index,
            supervision.anchor_index,
            supervision.target,
            supervision.weight,
        )
        count = 2 * (supervision.weight > 0).sum()
        loss = total / mean_over_processes(count, total)
        return {"loss_pose_offset": loss * self.loss_weight}


class AdaptiveOffsetHead(PoseOffsetHead):
    """DEKR's disentangled regression: every keypoint has its own channels and adaptive blocks."""

    @configurable
    def __init__(
        self,
        *,
        input_shape: ShapeSpec,
        num_keypoints: int,
        channels: int = 15,
        num_blocks: int = 2,
        loss_weight: float = 0.03,
    ) -> None:
        """
        Args:
            input_shape: of the features.
            channels: of one keypoint's branch.
            num_blocks: adaptive blocks of a branch.
        """
        super().__init__(num_keypoints, loss_weight)
        width = num_keypoints * channels
        self.transition = nn.Sequential(
            nn.Conv2d(input_shape.channels, width, kernel_size=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
        )
        blocks = (AdaptiveBlock(num_keypoints, channels) for _ in range(num_blocks))
        self.blocks = nn.Sequential(*blocks)
        self.predictor = nn.Conv2d(width, 2 * num_keypoints, kernel_size=1, groups=num_keypoints)
        self._start_small()

    @classmethod
    def from_config(cls, cfg: CfgNode, input_shape: ShapeSpec) -> dict:
        center = cfg.MODEL.CENTER
        return {
            "input_shape": input_shape,
            "num_keypoints": cfg.MODEL.KEYPOINT_HEAD.NUM_KEYPOINTS,
            "channels": center.OFFSET_CHANNELS,
            "num_blocks": center.OFFSET_BLOCKS,
            "loss_weight": center.OFFSET_LOSS_WEIGHT,
        }

    def _predict(self, features: Tensor) -> Tensor:
        return self.predictor(self.blocks(self.transition(features)))


class PlainOffsetHead(PoseOffsetHead):
    """CenterNet's way: a 3x3 convolution for all keypoints together, then a 1x1 one."""

    @configurable
    def __init__(
        self,
        *,
        input_shape: ShapeSpec,
        num_keypoints: int,
        channels: int = 256,
        loss_weight: float = 0.03,
    ) -> None:
        """
        Args:
            input_shape: of the features.
            channels: of the 3x3 convolution.
        """
        super().__init__(num_keypoints, loss_weight)
        self.layers = nn.Sequential(
            nn.Conv2d(input_shape.channels, channels, kernel_size=3, padding=1),
            nn.ReLU(inplace=True),
        )
        self.predictor = nn.Conv2d(channels, 2 * num_keypoints, kernel_size=1)
        self._start_small()

    @classmethod
    def from_config(cls, cfg: CfgNode, input_shape: ShapeSpec) -> dict:
        return {
            "input_shape": input_shape,
            "num_keypoints": cfg.MODEL.KEYPOINT_HEAD.NUM_KEYPOINTS,
            "channels": cfg.MODEL.CENTER.PLAIN_CHANNELS,
            "loss_weight": cfg.MODEL.CENTER.OFFSET_LOSS_WEIGHT,
        }

    def _predict(self, features: Tensor) -> Tensor:
        return self.predictor(self.layers(features))


BRANCHES = {"adaptive": AdaptiveOffsetHead, "plain": PlainOffsetHead}


def build_pose_offset_head(cfg: CfgNode, input_shape: ShapeSpec) -> PoseOffsetHead:
    """Build the head that ``MODEL.CENTER.OFFSET_BRANCH`` names, for features of that shape."""
    name = cfg.MODEL.CENTER.OFFSET_BRANCH
    if name not in BRANCHES:
        raise InputError(f"MODEL.CENTER.OFFSET_BRANCH must be adaptive or plain, not {name!r}.")
    for key in ("OFFSET_CHANNELS", "OFFSET_BLOCKS", "PLAIN_CHANNELS"):
        if cfg.MODEL.CENTER[key] < 1:
            raise InputError(
                f"MODEL.CENTER.{key} is {cfg.MODEL.CENTER[key]}, but must be at least 1."
            )
    return BRANCHES[name](cfg, input_shape)


def pose_weights(target: Tensor, labelled: Tensor) -> Tensor:
    """Return DEKR's weights (S, K): 1 / sqrt(w^2 + h^2) of the labelled keypoints' extent.

    Args:
        target: (S, K, 2), stride units, from any point.
        labelled: (S, K) bool. Keypoints without a label get 0. An extent below one stride unit
            counts as one.
    """
    unlabelled = ~labelled[..., None]
    low = target.masked_fill(unlabelled, torch.inf).amin(dim=1)
    high = target.masked_fill(unlabelled, -torch.inf).amax(dim=1)
    extent = (high - low).norm(dim=1).clamp(min=1.0)
    return labelled / extent[:, None]
