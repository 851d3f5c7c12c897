"""The log's account of evaluation results."""

import logging
from collections.abc import Sequence

from tabulate import tabulate

from .coco_average_precision import AP_METRICS

logger = logging.getLogger(__name__)

Results = dict[str, dict[str, float]]


def log_results(results: Results, subject: str, boxes: str) -> None:
    """Log one small table a task, and one line for each group of figures that does not exist.

    Args:
        results: task -> metric -> value; the first task holds AP and AR.
        subject: what was evaluated.
        boxes: where the people's boxes come from.
    """
    _log_tables(results, f"{subject}, {boxes}")
    if "visibility" not in results:
        logger.info("No visibility and confidence figures: they need ground-truth boxes.")
    elif "confidence" not in results:
        logger.info("No VisScore, InvScore and confidence figures: this rule gives no score.")
    _log_absent(results, AP_METRICS, "no annotated person is of that size")


def log_multi_person_results(
    results: Results, subject: str, ap_metrics: Sequence[str], absent_people: str
) -> None:
    """Log one small table a task, and what its figures do not say.

    Args:
        results: task -> metric -> value; the first task holds AP and AR.
        subject: what was evaluated.
        ap_metrics: the first task's figures of AP and AR.
        absent_people: why one of them can be absent.
    """
    _log_tables(results, subject)
    if any("KeypointRecall" in figures for figures in results.values()):
        logger.info(
            "KeypointRecall, as the paper defines it, matches at any distance: it can only count "
            "how many predictions there are. KeypointRecall@KS0.5 has a limit."
        )
    else:
        logger.info("No KeypointRecall: the model gives no keypoints before grouping.")
    _log_absent(results, ap_metrics, absent_people)


def _log_tables(results: Results, subject: str) -> None:
    tables = [
        tabulate([[task, *values.values()]], headers=["", *values], floatfmt=".3f")
        for task, values in results.items()
    ]
    logger.info("\n\n".join([f"Results on {subject}:", *tables]))


def _log_absent(results: Results, ap_metrics: Sequence[str], reason: str) -> None:
    figures = next(iter(results.values()))
    absent = [name for name in ap_metrics if name not in figures]
    if absent:
        logger.info(f"No {', '.join(absent)}: {reason}.")
