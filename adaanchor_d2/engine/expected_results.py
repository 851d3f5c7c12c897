"""``TEST.EXPECTED_RESULTS``: what a run's evaluation must give."""

import logging
import math

from detectron2.config import CfgNode

from ..errors import InputError

logger = logging.getLogger(__name__)


def check_expectations(cfg: CfgNode) -> None:
    """Raise InputError unless each expectation is [task, metric, value, tolerance]."""
    for entry in cfg.TEST.EXPECTED_RESULTS:
        is_list = isinstance(entry, (list, tuple)) and len(entry) == 4
        if not is_list or not all(isinstance(number, (int, float)) for number in entry[2:]):
            raise InputError(
                f"TEST.EXPECTED_RESULTS holds {entry!r}, which is not [task, metric, value, "
                "tolerance]."
            )
    if cfg.TEST.EXPECTED_RESULTS and not cfg.DATASETS.TEST:
        raise InputError("TEST.EXPECTED_RESULTS cannot be checked: DATASETS.TEST is empty.")


def verify_results(cfg: CfgNode, results: dict) -> None:
    """Raise InputError naming every expectation that ``results`` ({task: {metric: value}}) misses.

    Detectron2's function of this name exits the process instead, which a launched process cannot
    tell its parent in a sentence.
    """
    misses = []
    for task, metric, expected, tolerance in cfg.TEST.EXPECTED_RESULTS:
        value = results.get(task, {}).get(metric, math.nan)
        if not abs(value - expected) <= tolerance:
            got = "absent" if math.isnan(value) else f"{value:.4f}"
            misses.append(f"{task}/{metric} is {got}, not {expected} +- {tolerance}")
    if misses:
        raise InputError(f"TEST.EXPECTED_RESULTS was missed: {'; '.join(misses)}.")
    if cfg.TEST.EXPECTED_RESULTS:
        logger.info("Results verification passed.")
