"""Figures of runs over a swept parameter, as a table of one line for each row, seed and value.

Shapes: S seeds, V values of the parameter.
"""

import csv
import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..errors import InputError


class SweepPoint(NamedTuple):
    """One line of the table. ``figures``: {title: number}."""

    row: str
    seed: str
    value: float
    figures: dict[str, float]


def write_csv(points: Sequence[SweepPoint], parameter: str, file: Path) -> None:
    """Columns ``row, seed, <parameter>`` and the figures; what a point lacks is left empty."""
    titles = _titles(points)
    with open(file, "w", newline="", encoding="utf-8") as output:
        writer = csv.writer(output)
        writer.writerow(["row", "seed", parameter, *titles])
        for row, seed, value, figures in points:
            writer.writerow([row, seed, f"{value:g}", *(figures.get(t, "") for t in titles)])


def to_panels(
    points: Sequence[SweepPoint],
) -> tuple[dict[str, dict[str, np.ndarray]], list[float]]:
    """What ``visualization.sweeps`` draws: ({title: {row: (S, V)}}, values), NaN for no number."""
    values = sorted({point.value for point in points})
    panels: dict[str, dict[str, np.ndarray]] = {}
    for title in _titles(points):
        for row in dict.fromkeys(point.row for point in points):
            of_row = [p for p in points if p.row == row and title in p.figures]
            if of_row:
                panels.setdefault(title, {})[row] = _to_array(of_row, title, values)
    return panels, values


def check_values(values: Sequence[float], name: str, least: float, below: float) -> list[float]:
    """Return the values ascending.

    Raises:
        InputError: naming ``--values`` and one that is twice there or not in [least, below).
    """
    for value in values:
        if not least <= value < below:
            limit = "" if math.isinf(below) else f" and below {below:g}"
            raise InputError(f"--values {value:g} is no {name}: at least {least:g}{limit}.")
        if values.count(value) > 1:
            raise InputError(f"--values holds {value:g} twice.")
    return sorted(values)


def _titles(points: Sequence[SweepPoint]) -> list[str]:
    return list(dict.fromkeys(title for point in points for title in point.figures))


def _to_array(points: Sequence[SweepPoint], title: str, values: list[float]) -> np.ndarray:
    seeds = list(dict.fromkeys(point.seed for point in points))
    array = np.full((len(seeds), len(values)), np.nan)
    for point in points:
        array[seeds.index(point.seed), values.index(point.value)] = point.figures[title]
    return array
