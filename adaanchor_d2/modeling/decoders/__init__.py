"""From dense maps to located keypoints, and from keypoints to people."""

from .grouping import COCO_JOINT_ORDER, fill_missing, group_by_tags
from .many import locate_many_anchor, locate_many_heatmap
from .peaks import (
    LocatedKeypoints,
    locate_anchor_peak,
    locate_anchors,
    locate_heatmap_cells,
    locate_heatmap_peak,
)
from .pose_nms import keep_best_poses, same_person

__all__ = [
    "COCO_JOINT_ORDER",
    "LocatedKeypoints",
    "fill_missing",
    "group_by_tags",
    "keep_best_poses",
    "locate_anchor_peak",
    "locate_anchors",
    "locate_heatmap_cells",
    "locate_heatmap_peak",
    "locate_many_anchor",
    "locate_many_heatmap",
    "same_person",
]
