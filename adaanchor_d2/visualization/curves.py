"""Training and confidence curves of several runs, from their ``metrics.json``."""

import json
import re
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

COLORS = ("#d62728", "#1f77b4", "#7f7f7f", "#2ca02c", "#9467bd")


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


def draw_curves(runs: dict[str, list[dict]]) -> Figure:
    """Draw loss, AP and error over iterations, and recall and precision over confidence.

    Args:
        runs: {title: records of ``read_metrics``}.
    """
    figure = Figure(figsize=(12.5, 6.2), layout="constrained")
    axes = figure.subplots(2, 3)
    for (title, records), color in zip(runs.items(), COLORS, strict=False):
        style = {"label": title, "color": color}
        losses = _series(records, "total_loss")
        first = losses[0][1] if losses else 1.0
        _plot(axes[0, 0], [(x, y / first) for x, y in losses], **style)
        _plot(axes[0, 1], _series(records, "keypoints/AP"), marker="o", **style)
        _plot(axes[0, 2], _series(records, "visibility/VisError"), marker="o", **style)
        _plot(axes[1, 0], _series(records, "visibility/InvError"), marker="o", **style)
        for axis, metric in ((axes[1, 1], "Recall"), (axes[1, 2], "Precision")):
            _plot(axis, _by_threshold(records, metric), marker="o", **style)
    labels = (
        ("training loss / first value", "iteration"),
        ("AP", "iteration"),
        ("error of visible keypoints (px)", "iteration"),
        ("error of hidden keypoints (px)", "iteration"),
        ("keypoint recall (%)", "confidence threshold"),
        ("keypoint precision (%)", "confidence threshold"),
    )
    for axis, (title, x_label) in zip(axes.flat, labels, strict=True):
        axis.set_title(title, fontsize=10)
        axis.set_xlabel(x_label, fontsize=9)
        axis.grid(alpha=0.3)
    axes[0, 0].set_yscale("log")
    axes[0, 1].legend(fontsize=9)
    return figure


def _plot(axis: Axes, points: list[tuple[float, float]], **style) -> None:
    axis.plot([x for x, _ in points], [y for _, y in points], **style)


def _series(records: list[dict], metric: str) -> list[tuple[float, float]]:
    return [(r["iteration"], r[metric]) for r in records if metric in r]


def _by_threshold(records: list[dict], metric: str) -> list[tuple[float, float]]:
    """The metric's values at the confidence thresholds of the last evaluation."""
    points = {}
    for record in records:
        for key, value in record.items():
            match = re.fullmatch(rf"confidence/{metric}@([\d.]+)", key)
            if match:
                points[float(match[1])] = value
    return sorted(points.items())
