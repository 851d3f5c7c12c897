"""Printing and checking results."""

import logging
import pprint
import sys
from collections.abc import Mapping

import numpy as np


def print_csv_format(results: Mapping) -> None:
    """Log results as lines that can be pasted into a table.

    Metrics with a hyphen in their name (those of single classes) are left out.

    Args:
        results: task -> {metric: value}, or task -> value.
    """
    assert isinstance(results, Mapping), results
    logger = logging.getLogger(__name__)
    for task, metrics in results.items():
        if not isinstance(metrics, Mapping):
            logger.info(f"copypaste: {task}={metrics}")
            continue
        shown = {name: value for name, value in metrics.items() if "-" not in name}
        logger.info(f"copypaste: Task: {task}")
        logger.info("copypaste: " + ",".join(shown))
        logger.info("copypaste: " + ",".join(f"{value:.4f}" for value in shown.values()))


def verify_results(cfg, results: Mapping) -> bool:
    """Compare results with ``TEST.EXPECTED_RESULTS``; exit with status 1 when one is off.

    Args:
        cfg: the config; each expectation is [task, metric, value, tolerance].
        results: task -> {metric: value}.
    """
    expectations = cfg.TEST.EXPECTED_RESULTS
    if not expectations:
        return True
    logger = logging.getLogger(__name__)
    for task, metric, expected, tolerance in expectations:
        actual = results[task].get(metric)
        if actual is None or not np.isfinite(actual) or abs(actual - expected) > tolerance:
            logger.error("Result verification failed!")
            logger.error(f"Expected Results: {expectations}")
            logger.error(f"Actual Results: {pprint.pformat(results)}")
            sys.exit(1)
    logger.info("Results verification passed.")
    return True


def flatten_results_dict(results: Mapping) -> dict:
    """Return nested results as one dict whose keys are joined by slashes."""
    flat = {}
    for key, value in results.items():
        if isinstance(value, Mapping):
            inner = flatten_results_dict(value)
            flat.update({f"{key}/{name}": entry for name, entry in inner.items()})
        else:
            flat[key] = value
    return flat
