"""Candidates, their places, and the rules that choose the anchors of a target."""

from .assigners import AdaAnchorAssigner, FixedAnchorAssigner
from .structures import AnchorMaps, Assignment, KeypointTargets

__all__ = [
    "AdaAnchorAssigner",
    "AnchorMaps",
    "Assignment",
    "FixedAnchorAssigner",
    "KeypointTargets",
]
