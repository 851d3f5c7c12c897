"""What the runs' confidences are worth: curves over thresholds and calibration, by visibility."""

import numpy as np

from ..evaluation.metrics import auroc, expected_calibration_error, precision_recall, reliability
from ..visualization.curves import Panel, Points
from .people import People
from .predictions import Predictions

THRESHOLDS = np.linspace(0.0, 1.0, 51)
NUM_BINS = 15
# Bins with fewer keypoints than this say nothing.
LEAST_IN_BIN = 10
# COCO's flags.
_STATES = {"visible": 2, "hidden": 1}
# Figures of calibration: the better end of each.
_FIGURES = {"ECE": "min", "AUROC": "max", "mean confidence": None, "right (%)": None}


class Confidence:
    """The labelled keypoints of a test set for one run with a confidence.

    Shapes: M labelled keypoints.

    Attributes:
        found: (M,) bool, whether it is predicted at all.
        score: (M,), NaN where it is not found.
        correct: (M,) bool, whether it is predicted within its limit.
        state: {"all", and "visible", "hidden" where they are told apart: (M,) bool}.
    """

    def __init__(self, people: People, predictions: Predictions):
        labelled = people.labelled
        error = predictions.error[labelled]
        v = people.keypoints[..., 2][labelled]
        self.found = np.isfinite(error)
        self.correct = error <= 1
        self.score = np.where(self.found, predictions.score[labelled], np.nan)
        self.state = {"all": np.ones(len(v), dtype=bool)}
        if people.tells_hidden:
            self.state |= {name: v == flag for name, flag in _STATES.items()}

    def figures(self) -> dict[str, float]:
        """``_FIGURES`` of the keypoints found; "ECE, hidden" is that of hidden ones."""
        figures = {}
        for state, in_state in self.state.items():
            chosen = in_state & self.found
            if chosen.any():
                score, correct = self.score[chosen], self.correct[chosen]
                values = (
                    expected_calibration_error(score, correct, NUM_BINS),
                    auroc(score, correct),
                    float(score.mean()),
                    100 * float(correct.mean()),
                )
                figures |= zip((f"{name}, {state}" for name in _FIGURES), values, strict=True)
        return {name: value for name, value in figures.items() if np.isfinite(value)}

    def over_thresholds(self, state: str) -> tuple[np.ndarray, np.ndarray]:
        """Precision and recall (R,) in percent at THRESHOLDS; recall counts the keypoints not
        found, too.
        """
        chosen = self.state[state]
        precision, recall = precision_recall(self.score[chosen], self.correct[chosen], THRESHOLDS)
        return 100 * precision, 100 * recall

    def reliability(self, state: str) -> Points:
        """(mean score, share of right ones) of each bin of scores with enough keypoints."""
        chosen = self.state[state] & self.found
        count, score, right = reliability(self.score[chosen], self.correct[chosen], NUM_BINS)
        drawn = count >= LEAST_IN_BIN
        return list(zip(score[drawn].tolist(), right[drawn].tolist(), strict=True))


def calibration_rows(runs: dict[str, Confidence]) -> dict[str, str | None]:
    """The rows of a table of :meth:`Confidence.figures`: {name: the better end}."""
    return {f"{name}, {state}": end for name, end in _FIGURES.items() for state in _states(runs)}


def threshold_panels(runs: dict[str, Confidence]) -> list[Panel]:
    """Recall and precision over the threshold, and over each other; of hidden keypoints, too."""
    panels = []
    for state in _states(runs):
        whose = "" if state == "all" else f", {state} keypoints"
        curves = {title: run.over_thresholds(state) for title, run in runs.items()}
        recall = {title: _points(THRESHOLDS, r) for title, (_, r) in curves.items()}
        precision = {title: _points(THRESHOLDS, p) for title, (p, _) in curves.items()}
        both = {title: _points(r, p) for title, (p, r) in curves.items()}
        label = "confidence threshold"
        panels += [
            Panel(f"recall (%){whose}", label, recall, has_markers=False),
            Panel(f"precision (%){whose}", label, precision, has_markers=False),
            Panel(f"precision (%) over recall{whose}", "recall (%)", both, has_markers=False),
        ]
    return panels


def reliability_panels(runs: dict[str, Confidence]) -> list[Panel]:
    """Share of right keypoints over their mean score."""
    return [
        Panel(
            f"share right, {state} keypoints",
            "mean confidence",
            {title: run.reliability(state) for title, run in runs.items()},
            diagonal=True,
        )
        for state in _states(runs)
    ]


def _states(runs: dict[str, Confidence]) -> list[str]:
    """The same for all runs of a test set."""
    return list(next(iter(runs.values())).state)


def _points(x: np.ndarray, y: np.ndarray) -> Points:
    known = np.isfinite(y)
    return list(zip(x[known].tolist(), y[known].tolist(), strict=True))
