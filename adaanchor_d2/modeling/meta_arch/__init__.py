"""Meta-architectures: they compose backbone, neck and head, and never name an anchor rule."""

from .bottom_up_pose import BottomUpPose
from .center_pose import CenterPose
from .flip_test import FlipTest
from .single_pose import SinglePose

__all__ = ["BottomUpPose", "CenterPose", "FlipTest", "SinglePose"]
