"""Analysis of result files in COCO's form, whoever wrote them."""

from .keypoint_errors import ERROR_KINDS
from .matched_keypoints import MatchedKeypoints, load_matched_keypoints

__all__ = ["ERROR_KINDS", "MatchedKeypoints", "load_matched_keypoints"]
