"""Tables of figures and of settings, groups of runs side by side."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..evaluation.main_figures import MAIN_FIGURES, better_end
from .runs import show_value
from .seeds import Group

# Settings on which the pixels of the task ``visibility`` depend.
_INPUT_SIZE = ("INPUT.CROP_SIZE", "INPUT.BOX_PADDING", "INPUT.MIN_SIZE_TEST", "INPUT.IMAGE_FIT")
_COUNTS = (
    *("Count", "Unmatched", "images", "with predictions"),
    *("annotated", "matched", "at oks 0.5", "predicted"),
)
_FRACTIONS = ("Score", "ECE", "AUROC", "AUC@0.1", "confidence")
_ABSENT = "–"
_OTHER_PIXELS = "Not compared: pixels of network inputs of different sizes."
# The order of tasks: the first one that is part of a task's name.
_TASKS = ("keypoints", "visibility", "confidence", "")


@dataclass(frozen=True)
class Row:
    """A figure: ``cells`` as they are shown, ``best`` says which of them are marked."""

    name: str
    better: str | None
    cells: list[str]
    best: list[bool]


@dataclass(frozen=True)
class Table:
    """Figures of one task, a column for each group."""

    task: str
    rows: list[Row]
    note: str = ""


def evaluation_tables(groups: Sequence[Group], evaluator_type: str) -> list[Table]:
    """The figures of the last evaluations of groups with the same test set, by task."""
    tasks = _in_order(run.tasks for group in groups for run in group.runs)
    tasks.sort(key=lambda task: next(n for n, end in enumerate(_TASKS) if end in task))
    main_figures = list(MAIN_FIGURES.get(evaluator_type, {}))
    tables = []
    for task in tasks:
        figures = {run.title: run.tasks.get(task, {}) for group in groups for run in group.runs}
        is_compared = not (task.endswith("visibility") and _input_sizes_differ(groups))
        note = _note_on(task) if is_compared else _OTHER_PIXELS
        ends = {
            name: better_end(evaluator_type, name) if is_compared else None
            for name in sorted(_in_order(figures.values()), key=_place_in(main_figures))
        }
        tables.append(figure_table(task, groups, figures, ends, note))
    return tables


def _note_on(task: str) -> str:
    return "Errors in pixels of the network input." if task.endswith("visibility") else ""


def figure_table(
    task: str,
    groups: Sequence[Group],
    figures: dict[str, dict[str, float]],
    ends: dict[str, str | None],
    note: str = "",
) -> Table:
    """Put figures side by side.

    Args:
        figures: {title of a run: {name: value}}; what is absent shows as a dash.
        ends: {name: "max", "min" or None, the better end}; the rows, in their order.
    """
    rows = []
    for name, better in ends.items():
        values = [
            [figures[run.title][name] for run in group.runs if name in figures.get(run.title, {})]
            for group in groups
        ]
        show = _format_of(name)
        cells = [_cell(of_group, show) for of_group in values]
        rows.append(Row(name, better, cells, _best(values, better, show)))
    return Table(task, rows, note)


def _in_order(dicts) -> list[str]:
    """The keys of all, each once, in the order of their first appearance."""
    return list(dict.fromkeys(key for keys in dicts for key in keys))


def _place_in(order: list[str]) -> Callable[[str], int]:
    return lambda name: order.index(name) if name in order else len(order)


def _input_sizes_differ(groups: Sequence[Group]) -> bool:
    sizes = {show_value([group.config.get(key) for key in _INPUT_SIZE]) for group in groups}
    return len(sizes) > 1


def _format_of(name: str) -> Callable[[float], str]:
    if name.endswith(_COUNTS):
        return "{:,.0f}".format
    is_fraction = name.partition("_")[0].partition(",")[0].endswith(_FRACTIONS)
    return "{:.3f}".format if is_fraction else "{:.2f}".format


def _cell(values: list[float], show: Callable[[float], str]) -> str:
    """One value, or mean ± sample standard deviation over seeds."""
    if not values:
        return _ABSENT
    if len(values) == 1:
        return show(values[0])
    return f"{show(float(np.mean(values)))} ± {show(float(np.std(values, ddof=1)))}"


def _best(
    values: list[list[float]], better: str | None, show: Callable[[float], str]
) -> list[bool]:
    """Which groups are marked: the best, and those that cannot be told from it.

    Those are groups that show the same number, and where there are several seeds, groups whose mean
    lies within one standard deviation (the larger of the two groups') of the best. Where that is
    all of them, none is marked.
    """
    means = [float(np.mean(v)) if v else math.nan for v in values]
    known = [mean for mean in means if math.isfinite(mean)]
    if better is None or len(known) < 2:
        return [False] * len(values)
    best = max(known) if better == "max" else min(known)
    spread = [float(np.std(v, ddof=1)) if len(v) > 1 else 0.0 for v in values]
    spread_of_best = spread[means.index(best)]
    marked = [
        show(mean) == show(best) or abs(mean - best) <= max(own, spread_of_best)
        for mean, own in zip(means, spread, strict=True)
    ]
    return [False] * len(values) if sum(marked) == len(known) else marked


def setting_rows(groups: Sequence[Group]) -> list[tuple[str, list[str]]]:
    """The config keys whose values differ between the groups: (key, a value for each).

    ``OUTPUT_DIR`` is left out; of several seeds all are named. A key that a config lacks (another
    version wrote it) shows as a dash.
    """
    rows = []
    for key in sorted({key for group in groups for key in group.config} - {"OUTPUT_DIR"}):
        values = [_values_of(group, key) for group in groups]
        if len(set(values)) > 1:
            rows.append((key, values))
    return rows


def _values_of(group: Group, key: str) -> str:
    shown = [show_value(run.config[key]) if key in run.config else _ABSENT for run in group.runs]
    return ", ".join(dict.fromkeys(shown))
