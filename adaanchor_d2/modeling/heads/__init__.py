"""The heads of the anchor rules, chosen by ``MODEL.KEYPOINT_HEAD.NAME``."""

from .anchor_head import AdaAnchor, AnchorHead, FixAnchor
from .build import KEYPOINT_HEAD_REGISTRY, build_keypoint_head
from .heatmap_head import HeatmapHead
from .regression_head import RegressionHead

__all__ = [
    "AdaAnchor",
    "AnchorHead",
    "FixAnchor",
    "HeatmapHead",
    "KEYPOINT_HEAD_REGISTRY",
    "RegressionHead",
    "build_keypoint_head",
]
