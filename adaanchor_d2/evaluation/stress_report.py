"""Figures of people who were hidden on purpose, for each group of keypoints.

Shapes: N people, K keypoint types.
"""

import numpy as np

from .keypoint_report import CORRECT_SIMILARITY
from .metrics import keypoint_similarity
from .person_predictions import PersonPredictions, apply_affine

GROUPS = ("all", "uncovered", "covered", "outside")


def stress_report(
    predictions: PersonPredictions,
    untouched: PersonPredictions,
    areas: np.ndarray,
    sigmas: np.ndarray,
    threshold: float,
    has_confidence: bool,
) -> dict[str, dict[str, float]]:
    """Error, recall, precision and mean score of each group of keypoints that has any.

    The groups are *all* labelled keypoints and, of those annotated visible (v = 2), what is
    *covered* (behind the thing, or beyond the border), *outside* the network's input, or
    *uncovered*, neither. Errors are in pixels of the network input that shows the untouched person,
    whatever the size at which the rest of a cut-off person is seen.

    Args:
        predictions: with the fields of ``engine.stress_run.predict_batches``.
        untouched: of the same people, in the same order, nothing hidden.
        areas: (N,), annotated areas in square image pixels.
        sigmas: (K,).
        threshold: keypoints with a lower score are not found; ignored without confidence.
        has_confidence: whether the anchor rule gives a score to each keypoint.

    Returns:
        {group: figures}: ``keypoints``, their number; ``error`` (px), the mean distance, and
        ``error_before``, of the same keypoints where nothing is hidden; ``recall`` (percent), the
        share that is found within a keypoint similarity of 0.5; and with confidence ``precision``
        (percent), the share of the found that is so near, where any is found, and ``score``, the
        mean.
    """
    gt = predictions["gt_keypoints"]
    score = predictions["keypoints"][..., 2]
    correct = _similarity(predictions, areas, sigmas) >= CORRECT_SIMILARITY
    found = score >= threshold if has_confidence else np.ones_like(correct)
    error, error_before = (_error(p, untouched) for p in (predictions, untouched))
    report = {}
    for group, chosen in _groups(gt[..., 2], predictions["hidden"], predictions["outside"]).items():
        if not chosen.any():
            continue
        figures = {
            "keypoints": int(chosen.sum()),
            "error": float(error[chosen].mean()),
            "error_before": float(error_before[chosen].mean()),
            "recall": 100 * float((found & correct)[chosen].mean()),
        }
        if has_confidence:
            if found[chosen].any():
                figures["precision"] = 100 * float(correct[chosen & found].mean())
            figures["score"] = float(score[chosen].mean())
        report[group] = figures
    return report


def _groups(v: np.ndarray, hidden: np.ndarray, outside: np.ndarray) -> dict[str, np.ndarray]:
    visible = v == 2
    members = (v > 0, visible & ~hidden & ~outside, visible & hidden & ~outside, visible & outside)
    return dict(zip(GROUPS, members, strict=True))


def _true_xy(predictions: PersonPredictions) -> np.ndarray:
    """(N, K, 2), pixels of the original images."""
    return apply_affine(predictions["crop_to_image"], predictions["gt_keypoints"][..., :2])


def _similarity(predictions: PersonPredictions, areas: np.ndarray, sigmas: np.ndarray):
    xy = predictions["keypoints"][..., :2]
    return keypoint_similarity(xy, _true_xy(predictions), areas, sigmas)


def _error(predictions: PersonPredictions, untouched: PersonPredictions) -> np.ndarray:
    """(N, K) distances in pixels of the untouched input."""
    distance = np.linalg.norm(predictions["keypoints"][..., :2] - _true_xy(predictions), axis=2)
    image_pixels = np.sqrt(np.abs(np.linalg.det(untouched["crop_to_image"][..., :2])))
    return distance / image_pixels[:, None]
