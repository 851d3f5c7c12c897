"""The figures of a comparison: what they are called, which way is better."""

import re
from collections.abc import Iterable
from typing import NamedTuple

# Detector's boxes have a task of their own.
_TASK = r"keypoints(_\w+_boxes)?/"


class Figure(NamedTuple):
    """A figure of an evaluation.

    Attributes:
        title: of its column.
        phrase: in a sentence.
        pattern: of its name in ``metrics.json``.
        better: "max" or "min".
        decimals: shown.
        unit: after a number, " px" for example.
        is_merit: False where a larger value is no improvement by itself.
    """

    title: str
    phrase: str
    pattern: str
    better: str = "max"
    decimals: int = 1
    unit: str = ""
    is_merit: bool = True

    def format(self, value: float, sign: bool = False) -> str:
        value = round(value, self.decimals) + 0.0  # no zero has a minus
        return f"{value:{'+' if sign else ''}.{self.decimals}f}"


FIGURES = (
    Figure("AP", "AP", f"{_TASK}AP"),
    Figure("AP75", "AP75", f"{_TASK}AP75"),
    Figure("AR", "AR", f"{_TASK}AR"),
    Figure("people found (%)", "the share of people found", r"keypoints/PersonRecall@OKS0\.5"),
    Figure(
        *("visible: error (px)", "the error of visible keypoints", "visibility/VisError"),
        *("min", 2, " px"),
    ),
    Figure(
        *("hidden: error (px)", "the error of hidden keypoints", "visibility/InvError"),
        *("min", 2, " px"),
    ),
    Figure(
        *("visible: score", "the mean score of visible keypoints", "visibility/VisScore"),
        decimals=3,
        is_merit=False,
    ),
    Figure(
        *("hidden: score", "the mean score of hidden keypoints", "visibility/InvScore"),
        decimals=3,
        is_merit=False,
    ),
    Figure("AUROC", "the AUROC of the score", "confidence/AUROC", decimals=3),
    Figure("ECE", "the calibration error (ECE)", "confidence/ECE", "min", decimals=3),
    Figure("NME (%)", "NME", f"{_TASK}NME", "min", 2),
    Figure("failures (%)", "the failure rate", rf"{_TASK}FR@0\.1", "min"),
    Figure("PCKh@0.5", "PCKh@0.5", rf"{_TASK}Mean@0\.5"),
    Figure("PCKh@0.1", "PCKh@0.1", rf"{_TASK}Mean@0\.1"),
)


def find_figures(recorded: Iterable[dict[str, float]]) -> dict[str, Figure]:
    """The figures that any of several evaluations has: {name in ``metrics.json``: figure}."""
    names = {name for record in recorded for name in record}
    found = {}
    for figure in FIGURES:
        for name in sorted(names):
            if re.fullmatch(figure.pattern, name):
                found[name] = figure
                break
    return found
