"""How sure a difference between two rows of runs is.

Shapes: S seeds, B resamples, I images.

Images are resampled with replacement, the same ones for all runs, so that rows are compared on the
same images. What a seed adds is drawn along: seeds are as paired as images (seed k of both rows has
one data order), but they are few. Resampling three values gives intervals that are too short: of
three seeds whose differences scatter more than the images do, plain resampling covered the truth in
83 % of simulated trials instead of 95 %. So the mean over seeds is taken from Student's t
distribution around the seeds' own mean, with S - 1 degrees of freedom; that covered it in 96 to
98 %.
"""

from typing import NamedTuple

import numpy as np
from scipy import stats

LEVEL = 0.95


class Difference(NamedTuple):
    """A mean difference over seeds and its interval; of one seed, the images' part only."""

    mean: float
    low: float
    high: float
    num_seeds: int

    @property
    def is_shown(self) -> bool:
        """Whether there is a difference for all we know. One seed shows none."""
        return self.num_seeds > 1 and not self.low <= 0 <= self.high

    @property
    def half_width(self) -> float:
        return (self.high - self.low) / 2


def draw_images(num_images: int, num_resamples: int, seed: int = 0) -> np.ndarray:
    """How often each of B resamples holds each image: (B, I)."""
    rng = np.random.default_rng(seed)
    even = np.full(num_images, 1 / num_images)
    return rng.multinomial(num_images, even, size=num_resamples).astype(np.float64)


def paired_difference(
    first: np.ndarray,
    second: np.ndarray,
    first_resampled: np.ndarray,
    second_resampled: np.ndarray,
) -> Difference:
    """How much larger a figure is in the first row than in the second, with a 95 % interval.

    Args:
        first, second: (S,) the figure of each seed, on all images.
        first_resampled, second_resampled: (S, B) on resampled images, NaN where a resample does
            not define it.
    """
    by_seed = np.asarray(first) - np.asarray(second)
    replicates = (np.asarray(first_resampled) - np.asarray(second_resampled)).mean(axis=0)
    num_seeds = len(by_seed)
    if num_seeds > 1:
        of_seeds = by_seed.std(ddof=1) / np.sqrt(num_seeds) * _student_t(num_seeds - 1)
        replicates = np.add.outer(replicates, of_seeds)
    tail = (1 - LEVEL) / 2
    low, high = np.nanquantile(replicates, (tail, 1 - tail))
    return Difference(float(by_seed.mean()), float(low), float(high), num_seeds)


def _student_t(degrees_of_freedom: int, num: int = 200) -> np.ndarray:
    """Equally likely values of Student's t distribution, instead of random ones."""
    return stats.t.ppf((np.arange(num) + 0.5) / num, degrees_of_freedom)
