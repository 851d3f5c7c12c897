"""Fit of calibrations: from a keypoint's score to the probability that it is right."""

from dataclasses import replace

import numpy as np
from scipy.optimize import isotonic_regression, minimize

from ..errors import InputError
from ..evaluation.metrics import expected_calibration_error
from ..modeling.score_calibration import (
    IsotonicCalibration,
    ScoreCalibration,
    TemperatureCalibration,
    logit,
)
from .matched_keypoints import MatchedKeypoints

# Bounds of 1 / temperature: a score that ranks worse than chance becomes nearly constant.
_SLOPES = (1e-3, 1e3)


def fit_temperature(scores: np.ndarray, correct: np.ndarray) -> TemperatureCalibration:
    """Maximize the likelihood of p = sigmoid(logit(score) / temperature + bias).

    Args:
        scores: (M,), in [0, 1].
        correct: (M,) bool, of both kinds.
    """
    log_odds, sign = logit(scores), np.where(correct, 1.0, -1.0)

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        slope, bias = parameters
        margin = sign * (slope * log_odds + bias)
        pull = -sign / (1 + np.exp(np.clip(margin, -500, 500)))
        return np.logaddexp(0, -margin).mean(), np.array([(pull * log_odds).mean(), pull.mean()])

    fit = minimize(loss, (1.0, 0.0), jac=True, method="L-BFGS-B", bounds=(_SLOPES, (None, None)))
    return TemperatureCalibration(float(1 / fit.x[0]), float(fit.x[1]))


def fit_isotonic(scores: np.ndarray, correct: np.ndarray) -> IsotonicCalibration:
    """Fit the rising step function with the least squared error; its steps' ends are the knots.

    Args:
        scores: (M,).
        correct: (M,) bool.
    """
    values, group, count = np.unique(scores, return_inverse=True, return_counts=True)
    share = np.bincount(group, weights=correct) / count
    steps = isotonic_regression(share, weights=count)
    level = np.clip(steps.x, 0, 1)
    is_end = np.zeros(len(values), dtype=bool)
    is_end[steps.blocks[:-1]] = True
    is_end[steps.blocks[1:] - 1] = True
    return IsotonicCalibration(values[is_end].tolist(), level[is_end].tolist())


FITS = {"temperature": fit_temperature, "isotonic": fit_isotonic}


def fit_calibration(kind: str, keypoints: MatchedKeypoints, source: str) -> ScoreCalibration:
    """Fit on the located keypoints of the people matched.

    Raises:
        InputError: all of them are right, or none, or have one score; ``source`` names their file.
    """
    found = keypoints.where(keypoints.located)
    if found.correct.all() or not found.correct.any():
        share = "every" if found.correct.any() else "no"
        raise InputError(f"{source}: {share} keypoint is right, so nothing can be fitted to that.")
    if len(np.unique(found.score)) == 1:
        raise InputError(f"{source}: all keypoints have one score, so nothing can be fitted to it.")
    return FITS[kind](found.score, found.correct)


def describe_fit(kind: str, keypoints: MatchedKeypoints, source: str) -> str:
    """One sentence: what a fit is worth on images that it has not seen."""
    found = keypoints.where(keypoints.located)
    before = expected_calibration_error(found.score, found.correct)
    after = held_out_error(kind, keypoints, source)
    return (
        f"{kind} calibration of {len(found)} keypoints: ECE {before:.3f} as they are, {after:.3f} "
        "calibrated (each half of the images by a fit on the other half)."
    )


def held_out_error(kind: str, keypoints: MatchedKeypoints, source: str) -> float:
    """ECE where each half of the images is calibrated by a fit on the other half.

    Images are halved in the order of their ids, every other one. NaN for a single image.
    """
    images = np.unique(keypoints.image_id)
    if len(images) < 2:
        return float("nan")
    half = np.searchsorted(images, keypoints.image_id) % 2
    score = np.full(len(keypoints), np.nan)
    for held_out in (0, 1):
        calibration = fit_calibration(kind, keypoints.where(half != held_out), source)
        score[half == held_out] = calibration(keypoints.score[half == held_out])
    located = keypoints.located
    return expected_calibration_error(score[located], keypoints.correct[located])


def apply_calibration(
    calibration: ScoreCalibration, keypoints: MatchedKeypoints
) -> MatchedKeypoints:
    """Return keypoints with calibrated scores."""
    return replace(keypoints, score=calibration(keypoints.score))
