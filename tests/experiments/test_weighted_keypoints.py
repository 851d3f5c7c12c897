"""Figures of keypoints of resampled images against the evaluation's on the rows written out."""

import numpy as np
import pytest

from adaanchor_d2.evaluation.metrics import auroc, expected_calibration_error
from adaanchor_d2.experiments.weighted_keypoints import (
    KeypointTable,
    calibration_error,
    mean_over,
    ranking_quality,
)


def make_table(num: int = 300, num_images: int = 20) -> KeypointTable:
    rng = np.random.default_rng(0)
    return KeypointTable(
        image=rng.integers(0, num_images - 1, num),  # the last image has no keypoint
        distance=rng.gamma(2, 2, num),
        score=rng.integers(0, 41, num) / 40,  # many ties, 0 and 1 among them
        correct=rng.random(num) < 0.7,
        visible=rng.random(num) < 0.8,
    )


def resamples(num_images: int = 20) -> np.ndarray:
    weights = np.random.default_rng(1).multinomial(num_images, [1 / num_images] * num_images, 6)
    return np.concatenate([np.ones((1, num_images)), weights])


def test_figures_are_those_of_the_rows_written_out():
    table, weights = make_table(), resamples()
    means = mean_over(table.distance, table.image, weights)
    errors, areas = calibration_error(table, weights), ranking_quality(table, weights)
    for index, of_image in enumerate(weights):
        rows = np.repeat(np.arange(len(table.image)), of_image[table.image].astype(int))
        score, correct = table.score[rows], table.correct[rows]
        assert means[index] == pytest.approx(table.distance[rows].mean(), abs=1e-12)
        assert errors[index] == pytest.approx(expected_calibration_error(score, correct), abs=1e-12)
        assert areas[index] == pytest.approx(auroc(score, correct), abs=1e-12)


def test_what_is_not_defined_is_no_number():
    table = make_table()
    only_empty = np.zeros((1, 20))
    only_empty[0, -1] = 20
    assert np.isnan(mean_over(table.distance, table.image, only_empty))
    assert np.isnan(calibration_error(table, only_empty))
    assert np.isnan(ranking_quality(table, only_empty))
    assert np.isnan(
        ranking_quality(table._replace(correct=table.correct | True), resamples())
    ).all()
