"""Training and confidence curves of several runs, from their ``metrics.json``."""

import json
import math
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

# Okabe and Ito's, which colour-blind people can tell apart.
COLORS = ("#d55e00", "#0072b2", "#000000", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")


def read_metrics(output_dir: str | Path) -> list[dict]:
    """Return the lines of a run's ``metrics.json``; a line cut short by a crash is left out."""
    lines = (Path(output_dir) / "metrics.json").read_text().splitlines()
    records = []
    for line in lines:
        try:
            records.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return records


def draw_curves(runs: dict[str, list[dict]], metrics: dict[str, str]) -> Figure:
    """Draw loss and metrics over iterations; recall, precision and AP over confidence thresholds.

    Args:
        runs: {title: records of ``read_metrics``}.
        metrics: {title: metric}, a panel each.

    What was not evaluated at several thresholds (``TEST.CONFIDENCE_THRESHOLDS``, and for models of
    whole images ``TEST.GAMMAS``) has no panel.
    """
    panels = [_Panel("training loss / first value", "iteration", _relative_losses, marker="")]
    for title, key in metrics.items():
        panels.append(_Panel(title, "iteration", partial(_series, metric=key)))
    for title, (x_label, metric) in _BY_THRESHOLD.items():
        panel = _Panel(title, x_label, partial(_by_threshold, metric=metric))
        if any(panel.points_of(records) for records in runs.values()):
            panels.append(panel)
    num_rows = math.ceil(len(panels) / 3)
    figure = Figure(figsize=(12.5, 3.1 * num_rows), layout="constrained")
    axes = list(figure.subplots(num_rows, 3, squeeze=False).flat)
    for axis, panel in zip(axes, panels, strict=False):
        for (name, records), color in zip(runs.items(), COLORS, strict=False):
            points = np.array(panel.points_of(records)).reshape(-1, 2)
            axis.plot(*points.T, marker=panel.marker, label=name, color=color)
        axis.set_title(panel.title, fontsize=10)
        axis.set_xlabel(panel.x_label, fontsize=9)
        axis.grid(alpha=0.3)
    axes[0].set_yscale("log")
    axes[0].legend(fontsize=9)
    for axis in axes[len(panels) :]:
        axis.set_axis_off()
    return figure


class _Panel(NamedTuple):
    """``points_of``: records of a run -> (x, y) pairs."""

    title: str
    x_label: str
    points_of: Callable[[list[dict]], list[tuple[float, float]]]
    marker: str = "o"


def _relative_losses(records: list[dict]) -> list[tuple[float, float]]:
    losses = _series(records, "total_loss")
    return [(iteration, loss / losses[0][1]) for iteration, loss in losses]


def _series(records: list[dict], metric: str) -> list[tuple[float, float]]:
    return [(r["iteration"], r[metric]) for r in records if metric in r]


# Title -> label of the threshold, pattern of the metrics that hold one.
_BY_THRESHOLD = {
    "keypoint recall (%)": ("confidence threshold", r"confidence/Recall@([\d.]+)"),
    "keypoint precision (%)": ("confidence threshold", r"confidence/Precision@([\d.]+)"),
    "AP": ("gamma", r"keypoints_gamma([\d.]+)/AP"),
    "people found (%)": ("gamma", r"keypoints_gamma([\d.]+)/PersonRecall@OKS0.5"),
    "recall of located keypoints (%)": ("gamma", r"keypoints_gamma([\d.]+)/KeypointRecall@KS0.5"),
    "precision of located keypoints (%)": (
        "gamma",
        r"keypoints_gamma([\d.]+)/KeypointPrecision@KS0.5",
    ),
}


def _by_threshold(records: list[dict], metric: str) -> list[tuple[float, float]]:
    """The values of the last evaluation at each threshold."""
    points = {}
    for record in records:
        for key, value in record.items():
            match = re.fullmatch(metric, key)
            if match:
                points[float(match[1])] = value
    return sorted(points.items())
