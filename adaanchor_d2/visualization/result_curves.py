"""Pictures of what result files are worth: curves, reliability, kinds of error; side by side.

Curves take {file: values by group}; groups are drawn as panels, files as lines.
"""

import math
import textwrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .styles import run_styles

# A bin with fewer keypoints says little: its mark is hollow, and off the line.
FEW_KEYPOINTS = 20
KIND_COLORS = ("#009E73", "#56B4E9", "#F0E442", "#CC79A7", "#D55E00", "#999999", "#444444")
# Of stacked bars, in inches: a bar at most, all bars of a panel and a picture about at most.
_BAR, _BARS, _PICTURE = 0.27, 12, 14
_PANEL_WIDTH, _MOST_ABREAST = 2.6, 4


def draw_precision_recall(curves: dict[str, dict], gammas: list[float]) -> Figure:
    """Draw recall and below it precision over the threshold of the score.

    Args:
        curves: {file: {group: ``precision`` and ``recall`` at each threshold, None where there is
            none}}.
        gammas: the thresholds.
    """
    groups = list(next(iter(curves.values())))
    figure = Figure(figsize=(max(3.3 * len(groups), 4.5), 5.8), layout="constrained")
    axes = figure.subplots(2, len(groups), squeeze=False, sharex=True, sharey=True)
    for measure, row in zip(("recall", "precision"), axes, strict=True):
        for group, axis in zip(groups, row, strict=True):
            for name, style in run_styles(list(curves)).items():
                values = 100 * np.array(curves[name][group][measure], dtype=float)
                axis.plot(gammas, values, label=name, **style, markevery=10)
            axis.grid(alpha=0.3)
        row[0].set(ylabel=f"{measure} (%)", xlim=(0, 1), ylim=(0, 102))
    for group, axis in zip(groups, axes[0], strict=True):
        axis.set_title(f"{group} keypoints", fontsize=10)
    for axis in axes[1]:
        axis.set_xlabel("gamma: least score")
    _add_legend(figure, axes[0, 0])
    return figure


def draw_reliability(bins: dict[str, dict]) -> Figure:
    """Draw the share of right keypoints over the mean score of a bin, and below it the scores.

    Bins with fewer than :data:`FEW_KEYPOINTS` keypoints have a hollow mark.

    Args:
        bins: {file: {group: ``count``, ``score``, ``accuracy`` of each bin, None in empty ones}}.
    """
    groups = list(next(iter(bins.values())))
    figure = Figure(figsize=(max(3.3 * len(groups), 4.5), 5.4), layout="constrained")
    axes = figure.subplots(2, len(groups), squeeze=False, sharex=True, height_ratios=(3, 1))
    for column, group in enumerate(groups):
        axis, histogram = axes[:, column]
        axis.plot((0, 1), (0, 1), color="#999999", lw=1, ls=":", label="honest scores")
        for name, style in run_styles(list(bins)).items():
            _draw_reliability(axis, histogram, bins[name][group], style, name)
        axis.set(xlim=(0, 1), ylim=(0, 1.02))
        axis.set_title(f"{group} keypoints", fontsize=10)
        histogram.set(xlabel="score", ylim=(0, None))
        for panel in (axis, histogram):
            panel.grid(alpha=0.3)
    axes[0, 0].set_ylabel(f"share of right keypoints\n(hollow: of fewer than {FEW_KEYPOINTS})")
    axes[1, 0].set_ylabel("% of keypoints")
    _add_legend(figure, axes[0, 0])
    return figure


def draw_errors(counts: dict[str, dict], order: tuple[str, ...]) -> Figure:
    """Draw the shares of the kinds of error as stacked bars.

    The picture stays of a size that a screen shows, whatever the number of files and keypoints:
    many bars are thin, and many panels stand side by side.

    Args:
        counts: {panel: {bar: {kind: number of keypoints}}}, the same bars in all panels.
        order: of the kinds, at most as many as there are colours.
    """
    bars = list(next(iter(counts.values())))
    bar = min(_BAR, _BARS / len(bars))
    panel_height = bar * len(bars) + 0.45
    most_rows = max(1, int(_PICTURE / panel_height))
    num_columns = max(min(_MOST_ABREAST, len(counts)), math.ceil(len(counts) / most_rows))
    num_rows = math.ceil(len(counts) / num_columns)
    size = (max(_PANEL_WIDTH * num_columns + 1.5, 5.5), panel_height * num_rows + 1.1)
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(num_rows, num_columns, squeeze=False, sharex=True, sharey=True)
    for axis, (title, of_bars) in zip(axes.flat, counts.items(), strict=False):
        _draw_bars(axis, [of_bars[name] for name in bars], order, font_size=min(8, 52 * bar))
        axis.set_title("\n".join(textwrap.wrap(title, 30)), fontsize=9)
    for axis in axes.flat[len(counts) :]:
        axis.set_axis_off()
    axes[0, 0].set(yticks=range(len(bars)), yticklabels=bars, xlim=(0, 100))
    axes[0, 0].set_ylim(len(bars) - 0.4, -0.6)
    figure.supxlabel("percent of keypoints", fontsize=9)
    figure.legend(
        *axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=4, fontsize=9
    )
    return figure


def _draw_reliability(axis: Axes, histogram: Axes, bins: dict, style: dict, name: str) -> None:
    count = np.array(bins["count"], dtype=float)
    score, accuracy = (np.array(bins[key], dtype=float) for key in ("score", "accuracy"))
    many, few = count >= FEW_KEYPOINTS, (count > 0) & (count < FEW_KEYPOINTS)
    # Marks on the border are whole; the layout would take an unclipped line without points for
    # an endless one.
    style = style | {"clip_on": False, "in_layout": False}
    axis.plot(score[many], accuracy[many], label=name, **style)
    hollow = {"linestyle": "none", "mfc": "none", "markersize": 5, "mew": 0.8}
    axis.plot(score[few], accuracy[few], **style | hollow)
    share = 100 * count / max(count.sum(), 1)
    edges = np.linspace(0, 1, len(count) + 1)
    histogram.stairs(share, edges, color=style["color"], ls=style["linestyle"], lw=1.3)


def _draw_bars(axis: Axes, bars: list[dict], order: tuple[str, ...], font_size: float) -> None:
    shares = np.array([[bar[kind] for kind in order] for bar in bars], dtype=float)
    shares *= 100 / np.maximum(shares.sum(axis=1, keepdims=True), 1)
    place, left = np.arange(len(bars)), np.zeros(len(bars))
    for kind, color, share in zip(order, KIND_COLORS, shares.T, strict=False):
        axis.barh(place, share, 0.8, left, color=color, label=kind, edgecolor="white", lw=0.5)
        for y, x, value in zip(place, left, share, strict=True):
            # Narrower parts have no room for a number.
            if value >= font_size:
                style = {"ha": "center", "va": "center_baseline", "fontsize": font_size - 1}
                style["color"] = "white" if color == KIND_COLORS[-1] else "black"
                axis.text(x + value / 2, y, f"{value:.0f}", **style)
        left += share
    axis.tick_params(axis="y", length=0, labelsize=font_size)
    axis.tick_params(axis="x", labelsize=8)


def _add_legend(figure: Figure, axis: Axes) -> None:
    figure.legend(
        *axis.get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=9
    )
