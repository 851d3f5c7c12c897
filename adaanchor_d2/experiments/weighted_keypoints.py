"""Errors and confidence of single keypoints in resampled images.

Shapes: M labelled keypoints of all images, I images, B resamples, given by how often each holds an
image: weights (B, I).
"""

from typing import NamedTuple

import numpy as np

_NUM_BINS = 15
_ENTRIES_AT_ONCE = 200_000


class KeypointTable(NamedTuple):
    """Every labelled keypoint, and what was predicted for it.

    Attributes:
        image: (M,) index of its image, below I.
        distance: (M,) from the prediction, network-input pixels.
        score: (M,) confidence.
        correct: (M,) bool, keypoint similarity of at least 0.5.
        visible: (M,) bool; the others are annotated as hidden.
    """

    image: np.ndarray
    distance: np.ndarray
    score: np.ndarray
    correct: np.ndarray
    visible: np.ndarray


def mean_over(values: np.ndarray, image: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Mean (B,) of ``values`` (M,) in each resample; NaN where it has none."""
    num_images = weights.shape[1]
    total = weights @ np.bincount(image, weights=values, minlength=num_images)
    count = weights @ np.bincount(image, minlength=num_images)
    return np.divide(total, count, out=np.full(len(weights), np.nan), where=count > 0)


def calibration_error(table: KeypointTable, weights: np.ndarray) -> np.ndarray:
    """Expected calibration error (B,), see ``evaluation.calibration``."""
    num_images = weights.shape[1]
    bins = np.clip((table.score * _NUM_BINS).astype(np.int64), 0, _NUM_BINS - 1)
    cell = table.image * _NUM_BINS + bins
    surplus = np.bincount(cell, table.correct - table.score, minlength=num_images * _NUM_BINS)
    count = weights @ np.bincount(table.image, minlength=num_images)
    per_bin = np.abs(weights @ surplus.reshape(num_images, _NUM_BINS)).sum(axis=1)
    return np.divide(per_bin, count, out=np.full(len(weights), np.nan), where=count > 0)


def ranking_quality(table: KeypointTable, weights: np.ndarray) -> np.ndarray:
    """AUROC (B,) of the score for "correct"; NaN where all or none is."""
    order = np.argsort(table.score, kind="stable")
    image, correct = table.image[order], table.correct[order]
    first_of_score = np.flatnonzero(np.diff(table.score[order], prepend=-np.inf) > 0)
    num_at_once = max(1, _ENTRIES_AT_ONCE // max(1, len(order)))
    chunks = [
        _weighted_auroc(weights[start : start + num_at_once, image], correct, first_of_score)
        for start in range(0, len(weights), num_at_once)
    ]
    return np.concatenate(chunks)


def _weighted_auroc(of_keypoint: np.ndarray, correct: np.ndarray, first_of_score: np.ndarray):
    """
    Args:
        of_keypoint: (B, M) weights of the keypoints, by ascending score.
        first_of_score: where each distinct score begins.
    """
    right = np.add.reduceat(of_keypoint * correct, first_of_score, axis=1)
    wrong = np.add.reduceat(of_keypoint * ~correct, first_of_score, axis=1)
    wrong_below = np.cumsum(wrong, axis=1) - wrong
    pairs = right.sum(axis=1) * wrong.sum(axis=1)
    won = (right * (wrong_below + wrong / 2)).sum(axis=1)
    return np.divide(won, pairs, out=np.full(len(pairs), np.nan), where=pairs > 0)
