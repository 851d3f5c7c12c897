"""Figures over the confidence threshold, gamma, of trained models.

All thresholds come from one pass of the network: models of whole images decode each
(``TEST.GAMMAS``); the keypoints of single people are counted from each on
(``TEST.CONFIDENCE_THRESHOLDS``).
"""

from collections.abc import Sequence
from pathlib import Path

from detectron2.config import CfgNode
from detectron2.evaluation.testing import flatten_results_dict

from ..engine.config_file import load_config
from ..engine.setup import evaluate
from ..errors import InputError
from ..visualization.curves import BY_THRESHOLD, by_threshold
from .runs import CONFIG, FINAL_WEIGHTS, last_evaluation, read_config
from .sweep import SweepPoint, check_values


def check_thresholds(thresholds: Sequence[float]) -> list[float]:
    """Return confidence thresholds ascending; raise InputError for what cannot be one."""
    for threshold in thresholds:
        if float(f"{threshold:g}") != threshold:
            raise InputError(f"--values {threshold} has more than six digits.")
    return check_values(thresholds, "confidence threshold", least=1e-4, below=1)


def parameter_of(cfg: CfgNode) -> str:
    """What the threshold is called for a model: ``gamma`` where whole images are decoded."""
    return "gamma" if cfg.INPUT.MAPPER == "WholeImageMapper" else "confidence threshold"


def recorded_points(row: str, seed: str, folder: Path) -> list[SweepPoint]:
    """The thresholds at which a run's last evaluation in ``metrics.json`` was made.

    Raises:
        InputError: there are none.
    """
    parameter = parameter_of(read_config(folder))
    points = _to_points(row, seed, last_evaluation(folder), parameter)
    if not points:
        raise InputError(
            f"{folder} has no metrics.json with an evaluation at several thresholds: give --values "
            "to evaluate its weights."
        )
    return points


def evaluated_points(
    row: str, seed: str, cfg: CfgNode, thresholds: Sequence[float], output_dir: Path
) -> list[SweepPoint]:
    """Evaluate MODEL.WEIGHTS at all thresholds in one pass; its files go to ``output_dir``."""
    parameter = parameter_of(cfg)
    cfg = cfg.clone()
    cfg.defrost()
    cfg.TEST["GAMMAS" if parameter == "gamma" else "CONFIDENCE_THRESHOLDS"] = tuple(thresholds)
    cfg.OUTPUT_DIR = str(output_dir)
    cfg.freeze()
    return _to_points(row, seed, flatten_results_dict(evaluate(cfg)), parameter)


def load_run(folder: Path, options: Sequence[str]) -> CfgNode:
    """The config of a finished run, with its final weights and further options.

    Raises:
        InputError: the folder has no final weights.
    """
    weights = folder / FINAL_WEIGHTS
    if not weights.is_file():
        raise InputError(f"{folder} is no folder of a finished run: it has no {FINAL_WEIGHTS}.")
    return load_config(str(folder / CONFIG), ["MODEL.WEIGHTS", str(weights), *options])


def _to_points(row: str, seed: str, record: dict[str, float], parameter: str) -> list[SweepPoint]:
    figures: dict[float, dict[str, float]] = {}
    for title, (label, pattern) in BY_THRESHOLD.items():
        if label == parameter:
            for threshold, value in by_threshold([record], pattern):
                figures.setdefault(threshold, {})[title] = value
    return [SweepPoint(row, seed, value, found) for value, found in sorted(figures.items())]
