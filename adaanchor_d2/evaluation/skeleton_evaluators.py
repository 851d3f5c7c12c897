"""Which evaluation a file in COCO's form has, where only its skeleton is known."""

from ..data.skeletons import Skeleton
from .coco_multi_person_evaluator import CocoMultiPersonEvaluator
from .crowdpose_evaluator import CrowdPoseEvaluator
from .multi_person_evaluator import MultiPersonEvaluator

# Skeletons whose files have an evaluation of their own.
_EVALUATORS = {"crowdpose": CrowdPoseEvaluator}


def evaluator_of(skeleton: Skeleton) -> type[MultiPersonEvaluator]:
    """Return the class whose ``use_area`` and ``tells_visibility`` hold for such files."""
    return _EVALUATORS.get(skeleton.name, CocoMultiPersonEvaluator)
