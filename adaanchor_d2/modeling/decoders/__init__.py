"""From dense maps to located keypoints."""

from .peaks import LocatedKeypoints, locate_anchor_peak, locate_heatmap_peak

__all__ = ["LocatedKeypoints", "locate_anchor_peak", "locate_heatmap_peak"]
