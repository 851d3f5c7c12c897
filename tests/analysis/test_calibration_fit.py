"""Fits against what the data were drawn from, and what a fit is worth elsewhere."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.annotated_people import read_people, write_people, write_results
from scipy.special import expit
from scipy.special import logit as log_odds

from adaanchor_d2.analysis import load_matched_keypoints
from adaanchor_d2.analysis.calibration_fit import (
    FITS,
    apply_calibration,
    describe_fit,
    fit_calibration,
    fit_isotonic,
    fit_temperature,
    held_out_error,
)
from adaanchor_d2.data.skeletons import get_skeleton
from adaanchor_d2.errors import InputError
from adaanchor_d2.evaluation.metrics import expected_calibration_error


def draw(seed, num=40_000):
    """Overconfident scores, and what came true: p = sigmoid(logit(score) / 2.5 - 0.7)."""
    rng = np.random.default_rng(seed)
    scores = rng.beta(4, 1, num)
    return scores, rng.uniform(size=num) < expit(log_odds(scores) / 2.5 - 0.7)


def test_temperature_and_bias_are_found_again():
    calibration = fit_temperature(*draw(0))
    assert calibration.temperature == pytest.approx(2.5, rel=0.05)
    assert calibration.bias == pytest.approx(-0.7, abs=0.05)


@pytest.mark.parametrize("kind", sorted(FITS))
def test_scores_become_honest_on_data_not_seen(kind):
    scores, correct = draw(1)
    calibrated = FITS[kind](*draw(0))(scores)
    before = expected_calibration_error(scores, correct)
    assert expected_calibration_error(calibrated, correct) < 0.02 < 0.25 < before
    assert (np.diff(calibrated[np.argsort(scores)]) >= 0).all()


def test_isotonic_steps_by_hand():
    # 0.2 and 0.3 are pooled (1 of 3 right), as are 0.5 and 0.6 (1 of 2); 0.5 occurs once.
    scores = np.array([0.1, 0.2, 0.2, 0.3, 0.5, 0.6, 0.9])
    correct = np.array([0, 1, 0, 0, 1, 0, 1], dtype=bool)
    calibration = fit_isotonic(scores, correct)
    assert calibration.score == [0.1, 0.2, 0.3, 0.5, 0.6, 0.9]
    np.testing.assert_allclose(calibration.probability, [0, 1 / 3, 1 / 3, 0.5, 0.5, 1], atol=1e-12)


def test_scores_worse_than_chance_become_nearly_constant():
    scores, correct = draw(0, num=2000)
    calibrated = fit_temperature(1 - scores, correct)(1 - scores)
    assert np.ptp(calibrated) < 0.05 and calibrated.mean() == pytest.approx(
        correct.mean(), abs=0.02
    )


@pytest.fixture
def overconfident(tmp_path):
    """Keypoints that are right by one chance in two, with scores near 0.9."""
    gt_file = write_people(tmp_path / "gt.json", num_images=60)
    people = read_people(gt_file)
    rng = np.random.default_rng(0)
    wrong = rng.uniform(size=people["keypoints"].shape[:2]) < 0.5
    xy = people["keypoints"][..., :2] + 60.0 * wrong[..., None]
    score = rng.uniform(0.85, 0.95, wrong.shape) - 0.03 * wrong
    score[0, :2] = 0
    results_file = write_results(tmp_path / "results.json", people, xy, score)
    return load_matched_keypoints(str(gt_file), str(results_file), get_skeleton("coco"))


@pytest.mark.parametrize("kind", sorted(FITS))
def test_each_half_of_the_images_is_calibrated_by_the_other(overconfident, kind):
    images = np.unique(overconfident.image_id)
    first = np.isin(overconfident.image_id, images[::2]) & overconfident.located
    second = ~np.isin(overconfident.image_id, images[::2]) & overconfident.located
    score = overconfident.score.copy()
    for fitted, other in ((first, second), (second, first)):
        calibration = FITS[kind](overconfident.score[fitted], overconfident.correct[fitted])
        score[other] = calibration(overconfident.score[other])
    both = first | second
    expected = expected_calibration_error(score[both], overconfident.correct[both])
    assert held_out_error(kind, overconfident, "F") == pytest.approx(expected)
    assert expected < 0.15
    assert f", {expected:.3f} calibrated" in describe_fit(kind, overconfident, "F")


def test_applied_scores_are_new_and_what_is_not_located_stays_so(overconfident):
    calibration = fit_calibration("temperature", overconfident, "F")
    calibrated = apply_calibration(calibration, overconfident)
    np.testing.assert_array_equal(calibrated.located, overconfident.located)
    assert (~overconfident.located).sum() > 0
    located = calibrated.located
    np.testing.assert_allclose(calibrated.score[located], calibration(overconfident.score[located]))
    assert np.nanmean(calibrated.score) == pytest.approx(
        overconfident.correct[located].mean(), abs=0.01
    )


def test_nothing_to_tell_apart_gets_a_sentence(overconfident):
    for mask, share in ((overconfident.correct, "every"), (~overconfident.correct, "no")):
        with pytest.raises(InputError, match=f"^F: {share} keypoint is right"):
            fit_calibration("isotonic", overconfident.where(mask & overconfident.located), "F")
    constant = replace(overconfident, score=np.ones(len(overconfident)))
    with pytest.raises(InputError, match="^F: all keypoints have one score"):
        fit_calibration("isotonic", constant, "F")
