"""Losses as pure functions of tensors."""

from .focal import anchor_focal_loss
from .heatmap import heatmap_mse_loss, render_heatmaps
from .offsets import l1_offset_loss, pose_offset_loss
from .quality import quality_loss
from .tags import tag_losses

__all__ = [
    "anchor_focal_loss",
    "heatmap_mse_loss",
    "l1_offset_loss",
    "pose_offset_loss",
    "quality_loss",
    "render_heatmaps",
    "tag_losses",
]
