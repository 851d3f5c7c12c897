"""One run's folder: whether its training is complete and was the one that is asked for.

A grid of runs is ``<output>/<row>/seed<k>/``.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from detectron2.config import CfgNode

from ..engine.config_file import load_config
from ..errors import InputError
from ..visualization.curves import read_metrics
from .rows import Row
from .training import TrainingRun

RESULT_FILE = Path("inference") / "coco_instances_results.json"
FINAL_WEIGHTS = "model_final.pth"
CONFIG = "config.yaml"
# Only the last evaluation counts, of the last weights: nothing is chosen on the test set.
_EVALUATE_AT_THE_END = ["TEST.EVAL_PERIOD", "0", "SOLVER.BEST_METRIC", ""]
# What may differ between a run that is there and the one that is asked for.
_INDIFFERENT = {
    "OUTPUT_DIR",
    "MODEL.DEVICE",
    "SOLVER.BEST_METRIC",
    "SOLVER.BEST_METRIC_MODE",
    "SOLVER.CHECKPOINT_PERIOD",
    "TEST.EVAL_PERIOD",
}
# Keys that do nothing while a switch is off: {key: switch}.
_OF_SWITCHES = {"MODEL.KEYPOINT_HEAD.QUALITY_SIGMA": "MODEL.KEYPOINT_HEAD.QUALITY"}


def run_folder(output_dir: Path, row: str, seed: int) -> Path:
    return output_dir / row / f"seed{seed}"


def grid_runs(
    rows: Sequence[Row], seeds: Sequence[int], output_dir: Path, options: Sequence[str]
) -> list[TrainingRun]:
    """The runs of a grid, one seed after the other; a seed has one data order in all rows.

    Args:
        options: of all rows, before each row's own.
    """
    return [
        TrainingRun(
            title=f"{row.name}, seed {seed}",
            config_file=row.config_file,
            options=[*_EVALUATE_AT_THE_END, *options, *row.options, "SEED", str(seed)],
            folder=run_folder(output_dir, row.name, seed),
        )
        for seed in seeds
        for row in rows
    ]


def unfinished_runs(runs: Sequence[TrainingRun]) -> list[TrainingRun]:
    """The runs that have no complete result yet.

    Raises:
        InputError: a folder holds a complete result of another config.
    """
    unfinished = []
    for run in runs:
        wanted = load_config(run.config_file, run.options, f"the options of {run.title}")
        if not is_finished(run.folder):
            unfinished.append(run)
            continue
        _check_same_config(wanted, read_config(run.folder), run.folder)
    return unfinished


def read_config(folder: Path) -> CfgNode:
    """The config that a run was trained with; keys that are newer have their defaults."""
    return load_config(str(folder / CONFIG))


def is_finished(folder: Path) -> bool:
    """Whether a training wrote its final weights and evaluated them."""
    needed = (CONFIG, "metrics.json", FINAL_WEIGHTS)
    if not all((folder / name).is_file() for name in needed):
        return False
    last = last_evaluation(folder)
    return bool(last) and last["iteration"] == read_config(folder).SOLVER.MAX_ITER - 1


def last_evaluation(folder: Path) -> dict[str, float]:
    """The record of a run's last evaluation, ``{"task/metric": value}``; empty without any."""
    if not (folder / "metrics.json").is_file():
        return {}
    evaluations = [
        record
        for record in read_metrics(folder)
        if any(key.startswith("keypoints") and "/" in key for key in record)
    ]
    return evaluations[-1] if evaluations else {}


def _check_same_config(wanted: CfgNode, there: CfgNode, folder: Path) -> None:
    found, asked_for = dict(_flatten(there)), dict(_flatten(wanted))
    without_effect = {key for key, switch in _OF_SWITCHES.items() if not asked_for[switch]}
    for key, value in asked_for.items():
        if key not in _INDIFFERENT | without_effect and found[key] != value:
            raise InputError(
                f"{folder} holds a finished run with {key} {found[key]}, but {value} is asked for: "
                "name another --output-dir, or remove that folder."
            )


def _flatten(node: CfgNode, prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, value in node.items():
        if isinstance(value, CfgNode):
            yield from _flatten(value, f"{prefix}{name}.")
        else:
            yield prefix + name, _as_lists(value)


def _as_lists(value):
    """Tuples, at any depth, as lists: a config that was saved has no others."""
    return list(map(_as_lists, value)) if isinstance(value, (tuple, list)) else value
