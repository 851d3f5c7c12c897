"""Training and confidence curves of several runs, from their ``metrics.json``."""

import json
import math
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..errors import InputError
from .styles import run_styles

Points = list[tuple[float, float]]


class Panel(NamedTuple):
    """One drawing of curves.

    Attributes:
        title: what is drawn upward.
        x_label: what is drawn to the right.
        points: {run: its (x, y) pairs}; runs without any are not drawn.
        has_markers: whether each point is marked.
        is_log: whether y has a logarithmic scale.
        diagonal: whether the line of y = x is drawn, where a perfect run lies.
    """

    title: str
    x_label: str
    points: dict[str, Points]
    has_markers: bool = True
    is_log: bool = False
    diagonal: bool = False


def read_metrics(output_dir: str | Path) -> list[dict]:
    """Return the lines of a run's ``metrics.json``; a line cut short by a crash is left out.

    Raises:
        InputError: the file holds something else than objects of numbers with an ``iteration``.
    """
    path = Path(output_dir) / "metrics.json"
    records = []
    for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), start=1):
        try:
            record = json.loads(line)
        except json.JSONDecodeError:
            continue
        if not _is_record(record):
            raise InputError(f"{path}: line {number} is no object of numbers with an iteration.")
        records.append(record)
    return records


def _is_record(record) -> bool:
    return (
        isinstance(record, dict)
        and "iteration" in record
        and all(isinstance(value, int | float) for value in record.values())
    )


def training_panels(runs: dict[str, list[dict]], metrics: dict[str, str]) -> list[Panel]:
    """Loss and metrics over iterations.

    Args:
        runs: {title: records of ``read_metrics``}.
        metrics: {title: metric}, a panel each.
    """
    losses = {run: _relative_losses(records) for run, records in runs.items()}
    panels = [
        Panel("training loss / first value", "iteration", losses, has_markers=False, is_log=True)
    ]
    for title, metric in metrics.items():
        points = {run: _series(records, metric) for run, records in runs.items()}
        panels.append(Panel(title, "iteration", points))
    return panels


def threshold_panels(runs: dict[str, list[dict]]) -> list[Panel]:
    """Recall, precision and AP of the last evaluation over confidence thresholds.

    What was not evaluated at several thresholds (``TEST.CONFIDENCE_THRESHOLDS``, and for models of
    whole images ``TEST.GAMMAS``) has no panel.
    """
    panels = []
    for title, (x_label, metric) in BY_THRESHOLD.items():
        points = {run: by_threshold(records, metric) for run, records in runs.items()}
        if any(points.values()):
            panels.append(Panel(title, x_label, points))
    return panels


def draw_panel(axis: Axes, panel: Panel, styles: dict[str, dict]) -> None:
    """Draw a panel's curves on ``axis``.

    Args:
        styles: {run: keywords of matplotlib's ``Line2D``}.
    """
    if panel.diagonal:
        axis.plot([0, 1], [0, 1], color="#888888", lw=1, ls=(0, (2, 3)))
    for run, points in panel.points.items():
        if points:
            style = styles[run] if panel.has_markers else {**styles[run], "marker": ""}
            axis.plot(*np.array(points, dtype=float).T, label=run, **style)
    axis.set_title(panel.title, fontsize=10)
    axis.set_xlabel(panel.x_label, fontsize=9)
    axis.grid(alpha=0.3)
    if panel.is_log:
        axis.set_yscale("log")


def draw_curves(runs: dict[str, list[dict]], metrics: dict[str, str]) -> Figure:
    """Draw :func:`training_panels` and :func:`threshold_panels` as one picture."""
    panels = training_panels(runs, metrics) + threshold_panels(runs)
    styles = run_styles(list(runs))
    num_rows = math.ceil(len(panels) / 3)
    figure = Figure(figsize=(12.5, 3.1 * num_rows), layout="constrained")
    axes = list(figure.subplots(num_rows, 3, squeeze=False).flat)
    for axis, panel in zip(axes, panels, strict=False):
        draw_panel(axis, panel, styles)
    axes[0].legend(fontsize=9)
    for axis in axes[len(panels) :]:
        axis.set_axis_off()
    return figure


def _relative_losses(records: list[dict]) -> Points:
    losses = _series(records, "total_loss")
    first = next((loss for _, loss in losses if loss), None)
    return [(iteration, loss / first) for iteration, loss in losses] if first else []


def _series(records: list[dict], metric: str) -> Points:
    return [(r["iteration"], r[metric]) for r in records if metric in r]


# Title -> label of the threshold, pattern of the metrics that hold one.
BY_THRESHOLD = {
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


def by_threshold(records: list[dict], metric: str) -> Points:
    """(threshold, value) of the last evaluation, ascending; ``metric`` as in BY_THRESHOLD."""
    points = {}
    for record in records:
        for key, value in record.items():
            match = re.fullmatch(metric, key)
            if match:
                points[float(match[1])] = value
    return sorted(points.items())
