"""Figures over the confidence threshold, gamma, of trained models.

All thresholds come from one pass of the network: models of whole images decode each
(``TEST.GAMMAS``); the keypoints of single people are counted from each on
(``TEST.CONFIDENCE_THRESHOLDS``).
"""

from collections.abc import Sequence
from pathlib import Path

from detectron2.config import CfgNode
from detectron2.evaluation.testing import flatten_results_dict

from ..engine.setup import evaluate
from ..errors import InputError
from ..visualization.curves import BY_THRESHOLD, by_threshold
from .sweep import SweepPoint, check_values


def check_thresholds(thresholds: Sequence[float]) -> list[float]:
    """Return confidence thresholds ascending; raise InputError for what cannot be one."""
    for threshold in thresholds:
        if float(f"{threshold:g}") != threshold:
            raise InputError(f"--values {threshold} has more than six digits.")
    return check_values(thresholds, "confidence threshold", least=1e-4, below=1)


def recorded_points(
    row: str, seed: str, record: dict[str, float], takes_images: bool
) -> list[SweepPoint]:
    """The thresholds of an evaluation that was made before.

    Args:
        record: ``{"task/metric": value}``, of a run's ``metrics.json``.
        takes_images: whether the model is one of whole images.
    """
    label = "gamma" if takes_images else "confidence threshold"
    figures: dict[float, dict[str, float]] = {}
    for title, (x_label, pattern) in BY_THRESHOLD.items():
        if x_label == label:
            for threshold, value in by_threshold([record], pattern):
                figures.setdefault(threshold, {})[title] = value
    return [SweepPoint(row, seed, value, found) for value, found in sorted(figures.items())]


def evaluated_points(
    row: str, seed: str, cfg: CfgNode, weights: str, thresholds: Sequence[float], output_dir: Path
) -> list[SweepPoint]:
    """Evaluate weights at all thresholds in one pass; its files go to ``output_dir``."""
    takes_images = cfg.INPUT.MAPPER == "WholeImageMapper"
    cfg = cfg.clone()
    cfg.defrost()
    cfg.TEST["GAMMAS" if takes_images else "CONFIDENCE_THRESHOLDS"] = tuple(thresholds)
    cfg.MODEL.WEIGHTS, cfg.OUTPUT_DIR = weights, str(output_dir)
    cfg.freeze()
    return recorded_points(row, seed, flatten_results_dict(evaluate(cfg)), takes_images)
