"""Metric functions and the Detectron2 evaluators around them."""

from .build import EVALUATOR_REGISTRY, build_evaluator
from .coco_evaluator import CocoKeypointEvaluator

__all__ = ["EVALUATOR_REGISTRY", "CocoKeypointEvaluator", "build_evaluator"]
