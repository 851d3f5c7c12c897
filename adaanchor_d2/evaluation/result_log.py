"""The log's account of evaluation results."""

import logging

from tabulate import tabulate

from .coco_average_precision import AP_METRICS

logger = logging.getLogger(__name__)


def log_results(results: dict[str, dict[str, float]], subject: str, boxes: str) -> None:
    """Log one small table a task, and one line for each group of figures that does not exist.

    Args:
        results: task -> metric -> value; the first task holds AP and AR.
        subject: what was evaluated.
        boxes: where the people's boxes come from.
    """
    tables = [
        tabulate([[task, *values.values()]], headers=["", *values], floatfmt=".3f")
        for task, values in results.items()
    ]
    logger.info("\n\n".join([f"Results on {subject}, {boxes}:", *tables]))
    if "visibility" not in results:
        logger.info("No visibility and confidence figures: they need ground-truth boxes.")
    elif "confidence" not in results:
        logger.info("No VisScore, InvScore and confidence figures: this rule gives no score.")
    average_precision = next(iter(results.values()))
    absent = [name for name in AP_METRICS if name not in average_precision]
    if absent:
        logger.info(f"No {', '.join(absent)}: no annotated person is of that size.")
