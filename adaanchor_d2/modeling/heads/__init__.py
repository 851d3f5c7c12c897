"""The heads of the anchor rules, chosen by ``MODEL.KEYPOINT_HEAD.NAME``."""

from .anchor_head import AdaAnchor, AnchorHead, FixAnchor
from .build import KEYPOINT_HEAD_REGISTRY, build_keypoint_head
from .center_trunk import CenterTrunk, build_center_head, build_keypoint_heatmaps
from .heatmap_head import HeatmapHead
from .higher_heatmap_head import HigherHeatmapHead
from .pose_offset_head import (
    AdaptiveOffsetHead,
    PlainOffsetHead,
    PoseSupervision,
    build_pose_offset_head,
    pose_weights,
)
from .regression_head import RegressionHead
from .scoring_net import ScoringNet
from .tag_head import TagHead

__all__ = [
    "AdaAnchor",
    "AdaptiveOffsetHead",
    "AnchorHead",
    "CenterTrunk",
    "FixAnchor",
    "HeatmapHead",
    "HigherHeatmapHead",
    "KEYPOINT_HEAD_REGISTRY",
    "PlainOffsetHead",
    "PoseSupervision",
    "RegressionHead",
    "ScoringNet",
    "TagHead",
    "build_center_head",
    "build_keypoint_head",
    "build_keypoint_heatmaps",
    "build_pose_offset_head",
    "pose_weights",
]
