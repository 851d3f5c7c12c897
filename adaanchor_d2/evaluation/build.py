"""Choice of the evaluator that belongs to a data set."""

from detectron2.data import MetadataCatalog
from detectron2.evaluation import DatasetEvaluator
from detectron2.utils.registry import Registry

from ..errors import InputError

EVALUATOR_REGISTRY = Registry("EVALUATOR")
EVALUATOR_REGISTRY.__doc__ = """
Evaluators by the ``evaluator_type`` in a data set's metadata. A registered function is named as the
type and is called with ``(cfg, dataset_name, output_dir, has_confidence)``; it returns a
DatasetEvaluator.
"""


def build_evaluator(
    cfg, dataset_name: str, output_dir: str | None, has_confidence: bool
) -> DatasetEvaluator:
    """Build the evaluator that the data set's metadata names.

    Args:
        output_dir: where result files go; None writes none.
        has_confidence: whether the anchor rule gives a score to each keypoint.
    """
    evaluator_type = getattr(MetadataCatalog.get(dataset_name), "evaluator_type", None)
    if evaluator_type not in EVALUATOR_REGISTRY:
        known = ", ".join(name for name, _ in EVALUATOR_REGISTRY)
        raise InputError(
            f"The data set {dataset_name} has the evaluator_type {evaluator_type!r}, but the known "
            f"ones are: {known}."
        )
    return EVALUATOR_REGISTRY.get(evaluator_type)(cfg, dataset_name, output_dir, has_confidence)
