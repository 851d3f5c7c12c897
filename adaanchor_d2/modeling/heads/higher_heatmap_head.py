"""HigherHRNet's head: heatmaps at the features' resolution and, after a deconvolution, at twice it.

B images, K keypoint types, H W size of the features.
"""

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from detectron2.config import configurable
from detectron2.layers import ShapeSpec
from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock

from ..anchors import Assignment, KeypointTargets
from ..decoders import LocatedKeypoints
from .build import register_anchor_rule
from .heatmap_head import HeatmapHead

NUM_BLOCKS = 4


@dataclass
class HigherMaps:
    """Heatmaps at two resolutions.

    Attributes:
        coarse: (B, K, H, W).
        fine: (B, K, 2H, 2W).
    """

    coarse: Tensor
    fine: Tensor


@register_anchor_rule("HigherHeatmapAnchor")
class HigherHeatmapHead(HeatmapHead):
    """Coarse heatmaps; features, coarse heatmaps and tags go through a deconvolution and residual
    blocks to the fine ones. Results come from the mean of both, at the fine resolution.

    The head reads the features with the tag maps appended, so its model has a trained tagger
    (``reads_tags``). As a heatmap head it is the fine one; ``coarse`` is another.
    """

    reads_tags = True

    @configurable
    def __init__(
        self,
        *,
        input_shape: ShapeSpec,
        num_keypoints: int,
        sigma: float = 2.0,
        rounded: bool = True,
        place: float = 0.5,
    ) -> None:
        """
        Args:
            input_shape: of the features, without the tag maps.
            sigma: of the Gaussian targets, in cells of either map.
            place: where a coarse candidate sits in its cell, until weights bring their own.
        """
        channels = input_shape.channels
        # Bilinear upsampling puts coarse index j at fine index 2 j + 0.5.
        fine_shape = ShapeSpec(channels=channels, stride=input_shape.stride // 2)
        both = {"num_keypoints": num_keypoints, "sigma": sigma, "rounded": rounded}
        super().__init__(input_shape=fine_shape, place=2 * place - 0.5, **both)
        self.coarse = HeatmapHead(input_shape=input_shape, place=place, **both)
        self.channels = channels
        deconv = nn.ConvTranspose2d(channels + 2 * num_keypoints, channels, 4, 2, 1, bias=False)
        nn.init.normal_(deconv.weight, std=0.001)
        upsampling = nn.Sequential(deconv, nn.BatchNorm2d(channels), nn.ReLU(inplace=True))
        blocks = (nn.Sequential(BasicBlock(channels, channels)) for _ in range(NUM_BLOCKS))
        self.layers = nn.Sequential(upsampling, *blocks)

    def predict(self, features: Tensor) -> HigherMaps:
        """Return the maps of features with tag maps, (B, C + K, H, W)."""
        coarse = self.coarse.predict(features[:, : self.channels])
        joined = (features[:, : self.channels], coarse, features[:, self.channels :])
        return HigherMaps(coarse, super().predict(self.layers(torch.cat(joined, dim=1))))

    def named_maps(self, maps: HigherMaps) -> dict[str, Tensor]:
        return {"coarse_heatmaps": maps.coarse, "fine_heatmaps": maps.fine}

    def label(self, maps: HigherMaps, targets: KeypointTargets) -> Assignment:
        """The nearest candidate of the fine map."""
        return super().label(maps.fine, targets)

    def losses(
        self,
        maps: HigherMaps,
        targets: KeypointTargets,
        assignment: Assignment,
        supervised: Tensor,
    ) -> dict[str, Tensor]:
        """The loss of each resolution; targets and ``supervised`` are the fine map's."""
        losses = super().losses(maps.fine, targets, assignment, supervised)
        targets = replace(targets, xy=targets.xy / 2)
        supervised = F.avg_pool2d(supervised.float(), 2) >= 0.5
        assignment = self.coarse.label(maps.coarse, targets)
        coarse = self.coarse.losses(maps.coarse, targets, assignment, supervised)
        return {**losses, **{f"{name}_coarse": loss for name, loss in coarse.items()}}

    def inference(self, maps: HigherMaps) -> LocatedKeypoints:
        """The peak of each mean heatmap with quarter offset; input pixels."""
        return super().inference(self.mean_heatmaps(maps))

    def inference_many(
        self, maps: HigherMaps, gamma: float, max_candidates: int = 30
    ) -> LocatedKeypoints:
        """The peaks of each mean heatmap; see :meth:`HeatmapHead.inference_many`."""
        return super().inference_many(self.mean_heatmaps(maps), gamma, max_candidates)

    def confidence(self, maps: HigherMaps) -> Tensor:
        """Return (B, K, 2H, 2W) in [0, 1], the confidence of all fine candidates."""
        return super().confidence(self.mean_heatmaps(maps))

    def locate(self, maps: HigherMaps, index: Tensor) -> LocatedKeypoints:
        """The keypoints that given fine candidates (B, K, M) estimate; -1 for none."""
        return super().locate(self.mean_heatmaps(maps), index)

    def mean_heatmaps(self, maps: HigherMaps) -> Tensor:
        """Return (B, K, 2H, 2W), the mean of fine and bilinearly upsampled coarse heatmaps."""
        coarse = F.interpolate(maps.coarse, maps.fine.shape[-2:], mode="bilinear")
        return (maps.fine + coarse) / 2

    def anchor_places(self, maps: HigherMaps, assignment: Assignment) -> Tensor:
        """Return (T, 1, 2), where the anchors are in input pixels; NaN in empty slots."""
        return super().anchor_places(maps.fine, assignment)

    def merge_mirrored(
        self, maps: HigherMaps, mirrored: HigherMaps, flip_indices: list[int]
    ) -> HigherMaps:
        """Mean of the heatmaps of an image and of its mirror image."""
        return HigherMaps(
            self.coarse.merge_mirrored(maps.coarse, mirrored.coarse, flip_indices),
            super().merge_mirrored(maps.fine, mirrored.fine, flip_indices),
        )
