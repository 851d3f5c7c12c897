import numpy as np
import pytest

from adaanchor_d2.evaluation.metrics import (
    auroc,
    expected_calibration_error,
    precision_recall,
    reliability,
)

SCORES = np.array([0.95, 0.85, 0.8, 0.55, 0.3, 0.05])
CORRECT = np.array([True, True, False, True, False, False])


def test_precision_recall_by_hand():
    precision, recall = precision_recall(SCORES, CORRECT, [0.0, 0.5, 0.8, 0.96])
    np.testing.assert_allclose(precision, [3 / 6, 3 / 4, 2 / 3, np.nan])
    np.testing.assert_allclose(recall, [3 / 6, 3 / 6, 2 / 6, 0.0])


def test_precision_recall_of_nothing():
    precision, recall = precision_recall(np.zeros(0), np.zeros(0, bool), [0.5])
    assert np.isnan(precision).all() and np.isnan(recall).all()


def test_calibration_error_by_hand():
    # Bin: (score, right or wrong) of those in it.
    bins = {
        14: [(0.95, 1)],
        12: [(0.85, 1), (0.8, 0)],
        8: [(0.55, 1)],
        4: [(0.3, 0)],
        0: [(0.05, 0)],
    }
    expected = sum(abs(sum(hit - score for score, hit in people)) for people in bins.values()) / 6
    assert expected_calibration_error(SCORES, CORRECT) == pytest.approx(expected, abs=1e-12)


def test_calibration_error_of_slow_bins():
    rng = np.random.default_rng(0)
    scores = np.concatenate([rng.uniform(size=500), [0.0, 1.0, 1 / 3]])
    correct = rng.uniform(size=len(scores)) < scores**2
    total = 0.0
    for index in range(15):
        low, high = index / 15, (index + 1) / 15
        inside = (scores >= low) & ((scores < high) | (index == 14))
        if inside.any():
            gap = abs(correct[inside].mean() - scores[inside].mean())
            total += gap * inside.sum() / len(scores)
    assert expected_calibration_error(scores, correct) == pytest.approx(total, abs=1e-12)
    assert np.isnan(expected_calibration_error(np.zeros(0), np.zeros(0)))


@pytest.mark.parametrize("decimals", [1, 8])
def test_auroc_equals_all_pairs(decimals):
    rng = np.random.default_rng(1)
    scores = rng.uniform(size=80).round(decimals)
    correct = rng.uniform(size=80) < scores
    wins = [
        (right > wrong) + 0.5 * (right == wrong)
        for right in scores[correct]
        for wrong in scores[~correct]
    ]
    assert auroc(scores, correct) == pytest.approx(np.mean(wins), abs=1e-12)


@pytest.mark.parametrize("value", [True, False])
def test_auroc_needs_both_classes(value):
    assert np.isnan(auroc([0.1, 0.2], [value, value]))


def test_arguments_are_not_changed():
    scores, correct = SCORES.copy(), CORRECT.copy()
    thresholds = np.array([0.5, 0.1])
    precision_recall(scores, correct, thresholds)
    expected_calibration_error(scores, correct)
    auroc(scores, correct)
    assert np.array_equal(scores, SCORES) and np.array_equal(correct, CORRECT)
    assert thresholds.tolist() == [0.5, 0.1]


def test_reliability_by_hand():
    count, score, accuracy = reliability(SCORES, CORRECT)
    assert count.tolist() == [1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 1]
    filled = count > 0
    np.testing.assert_allclose(score[filled], [0.05, 0.3, 0.55, 0.825, 0.95])
    np.testing.assert_allclose(accuracy[filled], [0, 0, 1, 0.5, 1])
    assert np.isnan(score[~filled]).all() and np.isnan(accuracy[~filled]).all()
    assert not reliability(np.zeros(0), np.zeros(0, bool))[0].any()
