"""Metric functions and the Detectron2 evaluators around them."""

from .build import EVALUATOR_REGISTRY, build_evaluator
from .coco_evaluator import CocoKeypointEvaluator
from .mpii_evaluator import MpiiEvaluator
from .wflw_evaluator import WflwEvaluator

__all__ = [
    "EVALUATOR_REGISTRY",
    "CocoKeypointEvaluator",
    "MpiiEvaluator",
    "WflwEvaluator",
    "build_evaluator",
]
