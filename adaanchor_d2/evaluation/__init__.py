"""Metric functions and the Detectron2 evaluators around them."""

from .build import EVALUATOR_REGISTRY, build_evaluator
from .coco_evaluator import CocoKeypointEvaluator
from .coco_multi_person_evaluator import CocoMultiPersonEvaluator
from .crowdpose_evaluator import CrowdPoseEvaluator
from .mpii_evaluator import MpiiEvaluator
from .wflw_evaluator import WflwEvaluator

__all__ = [
    "EVALUATOR_REGISTRY",
    "CocoKeypointEvaluator",
    "CocoMultiPersonEvaluator",
    "CrowdPoseEvaluator",
    "MpiiEvaluator",
    "WflwEvaluator",
    "build_evaluator",
]
