"""The figures that each kind of data set has under the task ``keypoints``, and which way is better.

What ``SOLVER.BEST_METRIC`` can name, known before anything is evaluated.
"""

from ..errors import InputError
from .mpii_evaluator import JOINT_GROUPS, THRESHOLDS
from .wflw_evaluator import SUBSETS

_AVERAGE_PRECISION = ("AP", "AP50", "AP75", "AR", "AR50", "AR75")
_RECALL = (
    "PersonRecall@OKS0.5",
    "KeypointRecall",
    "KeypointRecall@KS0.5",
    "KeypointPrecision@KS0.5",
)
_ENDINGS = ("", *(f"_{subset}" for subset in SUBSETS.values()))
# Evaluator type -> {figure: the better end}.
MAIN_FIGURES: dict[str, dict[str, str]] = {
    "coco_keypoints": dict.fromkeys(
        (*_AVERAGE_PRECISION, "APm", "APl", "ARm", "ARl", *_RECALL), "max"
    ),
    "crowdpose": dict.fromkeys(
        (*_AVERAGE_PRECISION, "APeasy", "APmedium", "APhard", *_RECALL), "max"
    ),
    "mpii_keypoints": dict.fromkeys((*JOINT_GROUPS, *(f"Mean@{t:g}" for t in THRESHOLDS)), "max"),
    "wflw_landmarks": {
        f"{name}{ending}": better
        for name, better in (("NME", "min"), ("FR@0.1", "min"), ("AUC@0.1", "max"))
        for ending in _ENDINGS
    },
}


def check_best_metric(evaluator_type: str, metric: str, mode: str) -> None:
    """Check a ``task/figure`` and its ``mode`` ("max", "min").

    Raises:
        InputError: a task ``keypoints...`` without such a figure, or the wrong mode for it. Other
            tasks and other evaluators' figures are not known here.
    """
    task, _, figure = metric.partition("/")
    figures = MAIN_FIGURES.get(evaluator_type)
    if figures is None or task in ("visibility", "confidence") or not metric:
        return
    if not task.startswith("keypoints") or figure not in figures:
        raise InputError(
            f"SOLVER.BEST_METRIC {metric} is no figure of this data set; it has keypoints/ with "
            f"{', '.join(figures)}."
        )
    if figures[figure] != mode:
        raise InputError(
            f"SOLVER.BEST_METRIC_MODE {mode} would keep the worst checkpoint by {metric}: set it "
            f"to {figures[figure]}."
        )


# Figures of the tasks ``visibility`` and ``confidence``, before an "@". Counts and mean scores are
# neither better high nor low.
_BESIDE = {
    "VisError": "min",
    "VisRMSE": "min",
    "InvError": "min",
    "InvRMSE": "min",
    "VisUnmatched": "min",
    "InvUnmatched": "min",
    "Unmatched": "min",
    "ECE": "min",
    "AUROC": "max",
    "Precision": "max",
    "Recall": "max",
}


def better_end(evaluator_type: str, figure: str) -> str | None:
    """Return which end of a figure is the better one: "max", "min", or None for neither."""
    main = MAIN_FIGURES.get(evaluator_type, {})
    return main.get(figure) or _BESIDE.get(figure.partition("@")[0])
