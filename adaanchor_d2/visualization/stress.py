"""Pictures of stress tests: curves over the hidden fraction, and what was hidden."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from .styles import run_styles

_METRICS = {
    "error": "mean error (input px)",
    "recall": "recall (%)",
    "precision": "precision (%)",
    "score": "mean score",
}
_SEEN_COLOR, _HIDDEN_COLOR = "#56b4e9", "#e69f00"


def draw_stress_curves(rows: Sequence[dict], groups: Sequence[str], title: str) -> Figure:
    """Draw each figure of each group of keypoints over the hidden fraction.

    Args:
        rows: of one kind of hiding: ``model`` (one curve each; its runs become mean and standard
            deviation), ``fraction``, ``group``, and the figures; None or absent where there is
            none.
        groups: that have rows, from top to bottom.
        title: of the picture.
    """
    metrics = [metric for metric in _METRICS if any(row.get(metric) is not None for row in rows)]
    size = (2.9 * len(metrics), 2.05 * len(groups) + 0.8)
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(len(groups), len(metrics), squeeze=False, sharex=True)
    for group, group_axes in zip(groups, axes, strict=True):
        chosen = [row for row in rows if row["group"] == group]
        for metric, axis in zip(metrics, group_axes, strict=True):
            _draw_panel(axis, chosen, metric)
        group_axes[0].set_ylabel(f"{group} keypoints", fontsize=10)
    for metric, axis in zip(metrics, axes[0], strict=True):
        axis.set_title(_METRICS[metric], fontsize=10)
    for axis in axes[-1]:
        axis.set_xlabel("hidden fraction of the box", fontsize=9)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    handles.append(Line2D([], [], color="gray", ls=":", lw=1.2))
    labels.append("the same keypoints, nothing hidden")
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), fontsize=9)
    figure.suptitle(title, fontsize=11)
    return figure


def _draw_panel(axis: Axes, rows: list[dict], metric: str) -> None:
    for model, style in run_styles(list(dict.fromkeys(row["model"] for row in rows))).items():
        of_model = [row for row in rows if row["model"] == model]
        points = _mean_and_deviation(of_model, metric)
        if not len(points):
            continue
        fraction, mean, deviation = points.T
        color = style["color"]
        axis.plot(fraction, mean, lw=1.4, label=model, **style)
        axis.fill_between(
            fraction, mean - deviation, mean + deviation, color=color, alpha=0.18, lw=0
        )
        if metric == "error":
            fraction, mean, _ = _mean_and_deviation(of_model, "error_before").T
            axis.plot(fraction, mean, ":", lw=1.2, color=color)
    axis.grid(alpha=0.3)
    axis.tick_params(labelsize=8)
    if metric == "error":
        axis.set_ylim(0, 1.06 * axis.get_ylim()[1])
    else:
        top = 1 if metric == "score" else 100
        axis.set_ylim(-0.03 * top, 1.03 * top)


def _mean_and_deviation(rows: list[dict], metric: str) -> np.ndarray:
    """Return (F, 3), fraction, mean and standard deviation over the runs."""
    values: dict[float, list[float]] = {}
    for row in rows:
        if row.get(metric) is not None:
            values.setdefault(row["fraction"], []).append(row[metric])
    spread = {f: np.std(v, ddof=1) if len(v) > 1 else 0.0 for f, v in values.items()}
    return np.array([(f, np.mean(values[f]), spread[f]) for f in sorted(values)]).reshape(-1, 3)


def draw_stress_examples(samples: Sequence[Sequence[dict]], title: str) -> Figure:
    """Draw people (rows) at growing hidden fractions (columns) with their labelled keypoints.

    Args:
        samples: of ``StressMapper``, images in RGB order; a row a person.
    """
    num_rows, num_columns = len(samples), len(samples[0])
    height, width = samples[0][0]["image"].shape[1:]
    panel = 1.55
    size = (panel * num_columns, panel * height / width * num_rows + 0.9)
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(num_rows, num_columns, squeeze=False)
    for person, person_axes in zip(samples, axes, strict=True):
        for sample, axis in zip(person, person_axes, strict=True):
            _draw_example(axis, sample)
    for axis, column in zip(axes[0], zip(*samples, strict=True), strict=True):
        share = np.mean([sample["hidden_fraction"] for sample in column])
        axis.set_title(f"hidden {100 * share:.0f} %", fontsize=9)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, fontsize=9)
    figure.suptitle(title, fontsize=11)
    return figure


def _draw_example(axis: Axes, sample: dict) -> None:
    height, width = sample["image"].shape[1:]
    axis.imshow(sample["image"].permute(1, 2, 0).numpy(), extent=(0, width, height, 0))
    labelled = sample["keypoints"][:, 2].numpy() > 0
    xy, hidden = sample["keypoints"][:, :2].numpy(), sample["hidden"]
    size = 4.5 if len(xy) < 40 else 2
    style = {"ls": "", "ms": size, "mec": "black", "mew": 0.5}
    seen, covered = labelled & ~hidden, labelled & hidden
    axis.plot(*xy[seen].T, "o", color=_SEEN_COLOR, label="keypoint", **style)
    axis.plot(*xy[covered].T, "s", color=_HIDDEN_COLOR, label="hidden keypoint", **style)
    axis.set(xlim=(0, width), ylim=(height, 0), xticks=[], yticks=[])
