"""The regression rule: the anchor is the image centre, for every keypoint."""

import torch
from detectron2.config import CfgNode, configurable
from detectron2.layers import ShapeSpec
from torch import Tensor, nn

from ..anchors import Assignment, KeypointTargets
from ..decoders import LocatedKeypoints
from .base import KeypointHead, mean_over_processes
from .build import register_anchor_rule


@register_anchor_rule("RegressionAnchor")
class RegressionHead(KeypointHead):
    """Pooled feature, direct (x, y) per type, L1. It has no confidence.

    ``maps`` are (B, K, 2) offsets from the image centre as fractions of the image's width and
    height, together with the size of the feature map that they were pooled from.
    """

    has_confidence = False

    @configurable
    def __init__(self, *, input_shape: ShapeSpec, num_keypoints: int) -> None:
        super().__init__()
        self.num_keypoints = num_keypoints
        self.stride = input_shape.stride
        self.predictor = nn.Linear(input_shape.channels, 2 * num_keypoints)
        nn.init.normal_(self.predictor.weight, std=0.001)
        nn.init.zeros_(self.predictor.bias)

    @classmethod
    def from_config(cls, cfg: CfgNode, input_shape: ShapeSpec) -> dict:
        return {"input_shape": input_shape, "num_keypoints": cfg.MODEL.KEYPOINT_HEAD.NUM_KEYPOINTS}

    def predict(self, features: Tensor) -> tuple[Tensor, tuple[int, int]]:
        """Return (offsets (B, K, 2), (W, H) of the feature map)."""
        height, width = features.shape[-2:]
        with torch.autocast(features.device.type, enabled=False):
            pooled = features.to(self.predictor.weight.dtype).mean(dim=(2, 3))
            output = self.predictor(pooled)
        return output.unflatten(1, (self.num_keypoints, 2)), (width, height)

    def named_maps(self, maps) -> dict[str, Tensor]:
        return {"offsets_from_center": maps[0]}

    def label(self, maps, targets: KeypointTargets) -> Assignment:
        """One anchor for every target: the candidate at the image centre."""
        _, (width, height) = maps
        centre = (height // 2) * width + width // 2
        index = torch.full_like(targets.type_index, centre)[:, None]
        return Assignment(index, torch.ones_like(targets.xy[:, :1]))

    def losses(
        self, maps, targets: KeypointTargets, assignment: Assignment, supervised: Tensor
    ) -> dict[str, Tensor]:
        """Mean over labelled targets of |dx| + |dy|, as fractions of the image's sides."""
        offsets, size = maps
        wanted = targets.xy / targets.xy.new_tensor(size) - 0.5
        predicted = offsets[targets.image_index, targets.type_index]
        normalizer = mean_over_processes(len(targets), offsets)
        return {"loss_regression": (predicted - wanted).abs().sum() / normalizer}

    def inference(self, maps) -> LocatedKeypoints:
        """Image centre plus offset, input pixels; score 1."""
        offsets, size = maps
        extent = offsets.new_tensor(size) * self.stride
        anchor = (extent / 2).expand_as(offsets)
        return LocatedKeypoints.single(
            anchor + offsets * extent, torch.ones_like(offsets[..., 0]), anchor
        )

    def anchor_places(self, maps, assignment: Assignment) -> Tensor:
        """Return (T, 1, 2), the image centre in input pixels."""
        centre = assignment.score.new_tensor(maps[1]) * (self.stride / 2)
        return centre.expand(*assignment.score.shape, 2)

    def merge_mirrored(self, maps, mirrored, flip_indices: list[int]):
        """Mean of the estimates in an image and in its mirror image."""
        sign = maps[0].new_tensor([-1.0, 1.0])
        return (maps[0] + mirrored[0][:, flip_indices] * sign) / 2, maps[1]
