"""The paired bootstrap: against a slow reference, and how often its intervals are right."""

import numpy as np
import pytest

from adaanchor_d2.experiments.bootstrap import Difference, draw_images, paired_difference


def difference_of(first: np.ndarray, second: np.ndarray, num_resamples: int = 200, seed: int = 0):
    """Of the means of per-image values (S, I)."""
    weights = draw_images(first.shape[1], num_resamples, seed)
    resampled = [values @ weights.T / weights.sum(axis=1) for values in (first, second)]
    return paired_difference(first.mean(axis=1), second.mean(axis=1), *resampled)


def simulate(rng, num_seeds, seed_scale, shift, num_images=100) -> tuple[np.ndarray, np.ndarray]:
    """Two rows with paired images; seeds add ``seed_scale`` standard errors of the images."""
    image = rng.normal(0, 5, num_images)  # how hard an image is: the same for both rows
    shape = (num_seeds, num_images)
    second = image + rng.normal(0, 0.5, shape)
    of_seed = rng.normal(0, seed_scale / np.sqrt(num_images), (num_seeds, 1))
    per_image = rng.normal(0, 1, num_images)
    return image + shift + per_image + of_seed + rng.normal(0, 0.5, shape), second


@pytest.mark.parametrize("num_seeds", [1, 3])
def test_interval_is_that_of_a_slow_reference(num_seeds):
    rng = np.random.default_rng(0)
    first, second = simulate(rng, num_seeds, seed_scale=1, shift=0.3)
    found = difference_of(first, second, num_resamples=4000)
    by_seed = (first - second).mean(axis=1)
    replicates = []
    for _ in range(4000):
        chosen = rng.integers(0, 100, 100)
        value = np.mean([f[chosen].mean() for f in first])
        value -= np.mean([s[chosen].mean() for s in second])
        if num_seeds > 1:
            value += rng.standard_t(num_seeds - 1) * by_seed.std(ddof=1) / np.sqrt(num_seeds)
        replicates.append(value)
    assert found.mean == pytest.approx(by_seed.mean())
    low, high = np.quantile(replicates, [0.025, 0.975])
    assert found.low == pytest.approx(low, abs=0.1 * (high - low))
    assert found.high == pytest.approx(high, abs=0.1 * (high - low))


@pytest.mark.parametrize("seed_scale", [0, 1, 5])
def test_intervals_of_three_seeds_hold_the_truth_at_least_as_often_as_they_say(seed_scale):
    rng = np.random.default_rng(1)
    num_trials = 200
    held = 0
    for trial in range(num_trials):
        found = difference_of(*simulate(rng, 3, seed_scale, shift=0.2), seed=trial)
        held += found.low <= 0.2 <= found.high
    # 95 %, less three standard errors of 200 trials.
    assert held / num_trials > 0.95 - 3 * np.sqrt(0.95 * 0.05 / num_trials)


def test_a_known_difference_is_shown_and_none_is_not():
    rng = np.random.default_rng(2)
    shown = [difference_of(*simulate(rng, 3, 1, shift=1.5)).is_shown for _ in range(40)]
    assert np.mean(shown) > 0.9
    shown = [difference_of(*simulate(rng, 3, 1, shift=0.0)).is_shown for _ in range(40)]
    assert np.mean(shown) < 0.12


def test_pairing_leaves_out_what_both_rows_share():
    first, second = simulate(np.random.default_rng(3), 3, 0, shift=0.0)
    unpaired = difference_of(first, second[:, ::-1])
    assert difference_of(first, second).half_width < unpaired.half_width / 3


def test_the_opposite_difference_has_the_opposite_interval():
    first, second = simulate(np.random.default_rng(4), 3, 3, shift=0.5)
    found, opposite = difference_of(first, second), difference_of(second, first)
    assert (opposite.mean, opposite.low, opposite.high) == pytest.approx(
        (-found.mean, -found.high, -found.low)
    )


def test_one_seed_shows_nothing():
    assert not Difference(1.0, 0.5, 1.5, num_seeds=1).is_shown
    assert Difference(1.0, 0.5, 1.5, num_seeds=2).is_shown
    assert not Difference(1.0, -0.5, 2.5, num_seeds=2).is_shown


def test_resamples_without_a_number_are_left_out():
    values = np.array([1.0, 2.0])
    resampled = np.ones((2, 50))
    resampled[:, :20] = np.nan
    found = paired_difference(values, values - 1, resampled + 1, resampled)
    assert found == Difference(1.0, 1.0, 1.0, 2)


def test_every_resample_has_as_many_images():
    weights = draw_images(30, 8)
    assert weights.shape == (8, 30) and (weights.sum(axis=1) == 30).all()
    assert len(np.unique(weights, axis=0)) == 8
