"""Pictures of what result files are worth: curves, reliability, kinds of error; side by side.

All take {file: values by group}; groups are drawn as panels, files as lines or bars.
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Okabe and Ito's colours, which colour-blind people can tell apart.
FILE_COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
# A bin with fewer keypoints says little: its mark is hollow, and off the line.
FEW_KEYPOINTS = 20
KIND_COLORS = ("#009E73", "#56B4E9", "#F0E442", "#CC79A7", "#D55E00", "#999999", "#444444")


def draw_precision_recall(curves: dict[str, dict], gammas: list[float]) -> Figure:
    """Draw precision (dashed) and recall (solid) over the threshold of the score.

    Args:
        curves: {file: {group: ``precision`` and ``recall`` at each threshold, None where there is
            none}}.
        gammas: the thresholds.
    """
    figure, axes = _panels(curves, width=4.4, height=3.6)
    for color, (name, groups) in _colored(curves):
        for group, axis in axes.items():
            for measure, style in (("recall", "-"), ("precision", "--")):
                values = 100 * np.array(groups[group][measure], dtype=float)
                axis.plot(gammas, values, style, color=color, label=f"{name}: {measure}")
    for axis in axes.values():
        axis.set(xlabel="gamma: least score", ylabel="percent", xlim=(0, 1), ylim=(0, 101))
    _finish(figure, axes)
    return figure


def draw_reliability(bins: dict[str, dict]) -> Figure:
    """Draw the share of right keypoints over the mean score of a bin, and below it the scores.

    Bins with fewer than :data:`FEW_KEYPOINTS` keypoints have a hollow mark.

    Args:
        bins: {file: {group: ``count``, ``score``, ``accuracy`` of each bin, None in empty ones}}.
    """
    groups = list(next(iter(bins.values())))
    figure = Figure(figsize=(3.9 * len(groups), 5.4), layout="constrained")
    axes = figure.subplots(2, len(groups), squeeze=False, sharex=True, height_ratios=(3, 1))
    for column, group in enumerate(groups):
        axis, histogram = axes[:, column]
        axis.plot((0, 1), (0, 1), color="#999999", lw=1, ls=":", label="honest scores")
        for color, (name, values) in _colored(bins):
            _draw_reliability(axis, histogram, values[group], color, name)
        axis.set(title=f"{group} keypoints", xlim=(0, 1), ylim=(0, 1.02))
        axis.set_ylabel(f"share of right keypoints\n(hollow: of fewer than {FEW_KEYPOINTS})")
        histogram.set(xlabel="score", ylabel="% of keypoints", ylim=(0, None))
        for panel in (axis, histogram):
            panel.grid(alpha=0.3)
    _add_legend(figure, axes[0, 0])
    return figure


def draw_errors(counts: dict[str, dict], order: tuple[str, ...]) -> Figure:
    """Draw the shares of the kinds of error as stacked bars, one for each file.

    Args:
        counts: {file: {group: {kind: number of keypoints}}}; groups may be joints.
        order: of the kinds, at most as many as there are colours.
    """
    groups = list(next(iter(counts.values())))
    rows = [(group, name) for group in groups for name in counts]
    labels = [
        group.replace("_", " ") + (f": {name}" if len(counts) > 1 else "") for group, name in rows
    ]
    shares = np.array(
        [[counts[name][group][kind] for kind in order] for group, name in rows], float
    )
    shares *= 100 / np.maximum(shares.sum(axis=1, keepdims=True), 1)
    # A gap between the groups where each has several bars.
    place = np.arange(len(rows)) + (np.arange(len(rows)) // len(counts)) * (len(counts) > 1) * 0.6
    figure = Figure(figsize=(8.5, 1.3 + 0.27 * (place[-1] + 1)), layout="constrained")
    axis = figure.subplots()
    left = np.zeros(len(rows))
    for kind, color, share in zip(order, KIND_COLORS, shares.T, strict=False):
        axis.barh(place, share, 0.8, left, color=color, label=kind, edgecolor="white", lw=0.5)
        _write_shares(axis, place, left, share)
        left += share
    axis.set(yticks=place, yticklabels=labels, xlim=(0, 100), xlabel="percent of keypoints")
    axis.set_ylim(place[-1] + 0.7, -0.7)
    axis.tick_params(axis="y", length=0)
    figure.legend(
        *axis.get_legend_handles_labels(), loc="outside upper center", ncols=4, fontsize=9
    )
    return figure


def _draw_reliability(axis: Axes, histogram: Axes, bins: dict, color: str, name: str) -> None:
    count = np.array(bins["count"], dtype=float)
    score, accuracy = (np.array(bins[key], dtype=float) for key in ("score", "accuracy"))
    many, few = count >= FEW_KEYPOINTS, (count > 0) & (count < FEW_KEYPOINTS)
    axis.plot(score[many], accuracy[many], "o-", ms=4, color=color, label=name)
    axis.plot(score[few], accuracy[few], "o", ms=4, mfc="none", color=color)
    share = 100 * count / max(count.sum(), 1)
    edges = np.linspace(0, 1, len(count) + 1)
    histogram.stairs(share, edges, color=color, lw=1.3)


def _write_shares(axis: Axes, place: np.ndarray, left: np.ndarray, share: np.ndarray) -> None:
    for y, x, value in zip(place, left, share, strict=True):
        if value >= 4:
            axis.text(x + value / 2, y, f"{value:.0f}", ha="center", va="center", fontsize=7)


def _colored(files: dict) -> list:
    """(colour, (name, values)) of each file; the colours come again after the last one."""
    return [(FILE_COLORS[i % len(FILE_COLORS)], item) for i, item in enumerate(files.items())]


def _panels(files: dict[str, dict], width: float, height: float) -> tuple[Figure, dict[str, Axes]]:
    groups = list(next(iter(files.values())))
    figure = Figure(figsize=(width * len(groups), height), layout="constrained")
    return figure, dict(zip(groups, figure.subplots(1, len(groups), squeeze=False)[0], strict=True))


def _finish(figure: Figure, axes: dict[str, Axes]) -> None:
    for group, axis in axes.items():
        axis.set_title(f"{group} keypoints", fontsize=10)
        axis.grid(alpha=0.3)
    _add_legend(figure, next(iter(axes.values())))


def _add_legend(figure: Figure, axis: Axes) -> None:
    figure.legend(
        *axis.get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=9
    )
