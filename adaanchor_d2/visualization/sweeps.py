"""Figures over a swept parameter, one line a row, with error bars over seeds.

Shapes: S seeds, V values of the parameter.
"""

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .styles import run_styles


def draw_sweep(
    panels: dict[str, dict[str, np.ndarray]],
    values: Sequence[float],
    x_label: str,
    log_x: bool = False,
) -> Figure:
    """Draw a panel for each figure.

    Args:
        panels: {title: {row: (S, V)}}; a value that does not exist is NaN. Bars are the standard
            deviation over seeds, where there are several.
        values: (V,) of the parameter, ascending.
        log_x: a logarithmic axis, labelled with the values.
    """
    num_columns = min(3, len(panels))
    num_rows = math.ceil(len(panels) / num_columns)
    size = (4.4 * num_columns, 3.4 * num_rows + 0.4)
    figure = Figure(figsize=size, layout="constrained")
    axes = list(figure.subplots(num_rows, num_columns, squeeze=False).flat)
    styles = run_styles(list(dict.fromkeys(row for rows in panels.values() for row in rows)))
    for axis, (title, rows) in zip(axes, panels.items(), strict=False):
        for row, of_seeds in rows.items():
            _draw_line(axis, values, of_seeds, row, styles[row])
        _label(axis, title, x_label, values, log_x)
    for axis in axes[len(panels) :]:
        axis.set_axis_off()
    handles, labels = axes[0].get_legend_handles_labels()
    if len(labels) > 1:
        figure.legend(handles, labels, loc="outside upper center", ncols=4, fontsize=9)
    return figure


def _draw_line(
    axis: Axes, values: Sequence[float], of_seeds: np.ndarray, row: str, style: dict
) -> None:
    of_seeds = np.asarray(of_seeds, dtype=np.float64)
    num_seeds = len(of_seeds)
    known = ~np.isnan(of_seeds).any(axis=0)
    of_seeds = of_seeds[:, known]
    axis.errorbar(
        np.asarray(values)[known],
        of_seeds.mean(axis=0),
        yerr=of_seeds.std(axis=0, ddof=1) if num_seeds > 1 else None,
        label=f"{row} ({num_seeds} seeds)" if num_seeds > 1 else row,
        capsize=2.5,
        **style,
    )


def _label(axis: Axes, title: str, x_label: str, values: Sequence[float], log_x: bool) -> None:
    axis.set_title(title, fontsize=10)
    axis.set_xlabel(x_label, fontsize=9)
    axis.grid(alpha=0.3)
    if log_x:
        axis.set_xscale("log")
        axis.set_xticks(values, [f"{value:g}" for value in values])
        axis.minorticks_off()
