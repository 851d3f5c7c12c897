"""Compares the rows of a grid of finished runs.

Shapes: S seeds, B resamples of the test images.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import InputError
from .bootstrap import Difference, draw_images, paired_difference
from .figures import Figure, find_figures
from .rows import BASELINES, Row
from .run_figures import FigureReader, RunFigures
from .runs import run_folder


@dataclass(frozen=True)
class Comparison:
    """The figures of rows of runs with the same seeds.

    Attributes:
        rows: in the table's order.
        seeds: (S,).
        figures: {name in ``metrics.json``: figure}.
        values: {row's name: {figure's name: (S,)}}; what a row does not have is absent.
        resampled: the same with (S, B); empty where the results of single images are not known.
        num_images: of the test set; 0 where they are not known.
    """

    rows: Sequence[Row]
    seeds: Sequence[int]
    figures: dict[str, Figure]
    values: dict[str, dict[str, np.ndarray]]
    resampled: dict[str, dict[str, np.ndarray]]
    num_images: int

    def title(self, row: str) -> str:
        return next(r.title for r in self.rows if r.name == row)

    def better_baseline(self, figure: str) -> str:
        """The baseline with the better mean of a figure, by its row's name; "" without any."""
        means = {
            name: float(self.values[name][figure].mean())
            for name in BASELINES
            if figure in self.values.get(name, {})
        }
        choose = min if self.figures[figure].better == "min" else max
        return choose(means, key=means.get) if means else ""

    def difference(self, first: str, second: str, figure: str) -> Difference | None:
        """How much larger a figure is in the first row; None where one of them lacks it."""
        tables = (self.values, self.resampled)
        if not all(figure in table.get(row, {}) for row in (first, second) for table in tables):
            return None
        return paired_difference(
            *(table[row][figure] for table in tables for row in (first, second))
        )


def compare_runs(
    rows: Sequence[Row], seeds: Sequence[int], output_dir: Path, num_resamples: int
) -> Comparison:
    """Read the finished runs of a grid and resample their test images.

    Raises:
        InputError: a run's files do not belong together, or runs have different test images.
    """
    reader = FigureReader()
    runs = {
        row.name: [reader.read(run_folder(output_dir, row.name, seed)) for seed in seeds]
        for row in rows
    }
    every_run = [run for of_row in runs.values() for run in of_row]
    image_ids = every_run[0].image_ids
    if not all(np.array_equal(run.image_ids, image_ids) for run in every_run):
        raise InputError(f"The runs in {output_dir} were tested on different images.")
    figures = find_figures(run.recorded for run in every_run)
    weights = draw_images(len(image_ids), num_resamples) if len(image_ids) else None
    return Comparison(
        rows=rows,
        seeds=seeds,
        figures=figures,
        values={name: _values(of_row, figures) for name, of_row in runs.items()},
        resampled={name: _resample(of_row, figures, weights) for name, of_row in runs.items()},
        num_images=len(image_ids),
    )


def _values(runs: Sequence[RunFigures], figures: dict[str, Figure]) -> dict[str, np.ndarray]:
    """{figure's name: (S,)} of those that all seeds have."""
    return {
        name: np.array([run.recorded[name] for run in runs])
        for name in figures
        if all(name in run.recorded for run in runs)
    }


def _resample(
    runs: Sequence[RunFigures], figures: dict[str, Figure], weights: np.ndarray | None
) -> dict[str, np.ndarray]:
    """{figure's name: (S, B)} of those that can be resampled."""
    return {
        name: np.stack([run.statistics[name](weights) for run in runs])
        for name in figures
        if all(name in run.statistics for run in runs)
    }
