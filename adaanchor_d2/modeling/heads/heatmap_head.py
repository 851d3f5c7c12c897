"""The heatmap rule: the anchor is the keypoint itself, the peak of a Gaussian map."""

import torch
from detectron2.config import CfgNode, configurable
from detectron2.layers import ShapeSpec
from torch import Tensor, nn

from ...errors import InputError
from ..anchors import Assignment, KeypointTargets
from ..anchors.geometry import mirror_columns, sample_maps
from ..decoders import (
    LocatedKeypoints,
    locate_heatmap_cells,
    locate_heatmap_peak,
    locate_many_heatmap,
)
from ..losses import heatmap_mse_loss, render_heatmaps
from .base import GridHead, anchor_pixels, mean_over_processes
from .build import register_anchor_rule


@register_anchor_rule("HeatmapAnchor")
class HeatmapHead(GridHead):
    """SimplePose's head: one heatmap per type, mean squared error, quarter-offset decoding.

    Several targets of a type share its map: the Gaussians are joined by maximum. In single
    localization (targets without ``person_index``) a type whose Gaussian does not reach the map is
    not supervised, as in SimplePose; with several people such a target is no peak of the map.
    """

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
            sigma: of the Gaussian target, stride units.
            rounded: centre the Gaussian on a candidate (SimplePose) rather than on the keypoint.
            place: where a candidate sits in its cell, until weights bring their own.
        """
        super().__init__(place)
        self.num_keypoints = num_keypoints
        self.stride = input_shape.stride
        self.sigma = sigma
        self.rounded = rounded
        self.predictor = nn.Conv2d(input_shape.channels, num_keypoints, kernel_size=1)
        nn.init.normal_(self.predictor.weight, std=0.001)
        nn.init.zeros_(self.predictor.bias)

    @classmethod
    def from_config(cls, cfg: CfgNode, input_shape: ShapeSpec) -> dict:
        head = cfg.MODEL.KEYPOINT_HEAD
        if head.HEATMAP_CENTER not in ("rounded", "subpixel"):
            raise InputError(
                "MODEL.KEYPOINT_HEAD.HEATMAP_CENTER must be rounded or subpixel, "
                f"not {head.HEATMAP_CENTER!r}."
            )
        if head.HEATMAP_SIGMA <= 0:
            raise InputError(
                f"MODEL.KEYPOINT_HEAD.HEATMAP_SIGMA must be positive, not {head.HEATMAP_SIGMA}."
            )
        return {
            "input_shape": input_shape,
            "num_keypoints": head.NUM_KEYPOINTS,
            "sigma": head.HEATMAP_SIGMA,
            "rounded": head.HEATMAP_CENTER == "rounded",
            "place": head.CELL_PLACE,
        }

    def predict(self, features: Tensor) -> Tensor:
        """Return heatmaps (B, K, H, W) of features (B, C, H, W)."""
        with torch.autocast(features.device.type, enabled=False):
            return self.predictor(features.to(self.predictor.weight.dtype))

    def named_maps(self, maps: Tensor) -> dict[str, Tensor]:
        return {"heatmaps": maps}

    def label(self, maps: Tensor, targets: KeypointTargets) -> Assignment:
        """The anchor of a target is the nearest candidate; -1 when its Gaussian misses the map."""
        height, width = maps.shape[-2:]
        cell = torch.floor(targets.xy - self.place + 0.5)
        size = cell.new_tensor([width, height])
        near = cell if self.rounded else targets.xy - self.place
        touches = ((near >= -3 * self.sigma) & (near <= size - 1 + 3 * self.sigma)).all(dim=1)
        cell = torch.minimum(cell.clamp(min=0), size - 1).long()
        index = torch.where(touches, cell[:, 1] * width + cell[:, 0], -1)[:, None]
        return Assignment(index, touches[:, None].to(targets.xy.dtype))

    def losses(
        self, maps: Tensor, targets: KeypointTargets, assignment: Assignment, supervised: Tensor
    ) -> dict[str, Tensor]:
        """Half the mean squared error over all maps of the batch (SimplePose's normalization)."""
        num_maps = maps.shape[0] * maps.shape[1]
        height, width = maps.shape[-2:]
        map_index = targets.map_index(self.num_keypoints)
        target = render_heatmaps(
            targets.xy, map_index, num_maps, height, width, self.sigma, self.rounded, self.place
        )
        supervised = supervised.expand(*maps.shape[:2], *supervised.shape[2:]).flatten(0, 1)
        if targets.person_index is None:
            missed = torch.zeros(num_maps, dtype=torch.bool, device=maps.device)
            touches = assignment.anchor_index[:, 0] >= 0
            missed[map_index[~touches]] = True
            missed[map_index[touches]] = False
            supervised = supervised & ~missed[:, None, None]
        loss = heatmap_mse_loss(maps.flatten(0, 1), target, supervised)
        return {"loss_heatmap": loss / mean_over_processes(maps.numel(), maps)}

    def inference(self, maps: Tensor) -> LocatedKeypoints:
        """The peak of each heatmap with quarter offset; input pixels."""
        return locate_heatmap_peak(maps, self.stride, self.place)

    def inference_many(
        self, maps: Tensor, gamma: float, max_candidates: int = 30
    ) -> LocatedKeypoints:
        """The peaks of each heatmap of height >= gamma, highest first; input pixels, on the CPU."""
        return locate_many_heatmap(maps, self.stride, self.place, gamma, max_candidates)

    def confidence(self, maps: Tensor) -> Tensor:
        """Return (B, K, H, W) in [0, 1], the confidence of all candidates."""
        return maps.clamp(0.0, 1.0)

    def sample(self, maps: Tensor, xy: Tensor) -> Tensor:
        """Return the confidence (B, K, M) at xy (B, K, M, 2), input pixels, read bilinearly.

        Places outside the map take the border's.
        """
        places = xy.flatten(0, 1).to(maps) / self.stride
        heights = sample_maps(maps.flatten(0, 1)[:, None], places, self.place)
        return heights[..., 0].clamp(0.0, 1.0).unflatten(0, xy.shape[:2])

    def locate(self, maps: Tensor, index: Tensor) -> LocatedKeypoints:
        """The keypoints that given candidates (B, K, M) estimate; -1 for none."""
        return locate_heatmap_cells(maps, index, self.stride, self.place)

    def anchor_places(self, maps: Tensor, assignment: Assignment) -> Tensor:
        """Return (T, 1, 2), where the anchors are in input pixels; NaN in empty slots."""
        return anchor_pixels(assignment, maps.shape[-1], self.stride, self.place)

    def merge_mirrored(self, maps: Tensor, mirrored: Tensor, flip_indices: list[int]) -> Tensor:
        """Mean of the heatmaps of an image and of its mirror image."""
        return (maps + mirror_columns(mirrored[:, flip_indices], self.place)) / 2
