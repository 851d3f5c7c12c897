"""Figures of single keypoints, for predicted people of whom it is known who they are.

Shapes: N people, K keypoint types. Predictions: see ``person_predictions``.
"""

from collections.abc import Sequence

import numpy as np

from .metrics import (
    auroc,
    expected_calibration_error,
    keypoint_similarity,
    precision_recall,
    visibility_errors,
)
from .person_predictions import PersonPredictions, apply_affine, invert_affine

# A keypoint is correct when its similarity to the annotated one reaches this.
CORRECT_SIMILARITY = 0.5


def visibility_report(predictions: PersonPredictions, has_confidence: bool) -> dict[str, float]:
    """:func:`visibility_errors` in network-input pixels."""
    image_to_crop = invert_affine(predictions["crop_to_image"])
    keypoints = predictions["keypoints"]
    pred_xy = apply_affine(image_to_crop, keypoints[..., :2])
    pred = np.concatenate([pred_xy, keypoints[..., 2:]], axis=-1)
    return visibility_errors(pred, predictions["gt_keypoints"], has_confidence)


def confidence_report(
    predictions: PersonPredictions,
    areas: np.ndarray,
    sigmas: Sequence[float],
    thresholds: Sequence[float],
) -> dict[str, float]:
    """Precision and recall at confidence thresholds, calibration error and AUROC.

    All labelled keypoints count, visible and hidden. A keypoint is correct when its similarity
    exp(-d^2 / (2 s^2 k^2)), COCO's with k = 2 sigma and s^2 the annotated area, is at least 0.5.

    Args:
        areas: (N,), annotated areas in square image pixels.

    Returns:
        ``Precision@t`` and ``Recall@t`` in percent, ``ECE`` and ``AUROC`` as fractions; what is not
        defined (no keypoint reaches t; all or none is correct) is absent.
    """
    gt = predictions["gt_keypoints"]
    gt_xy = apply_affine(predictions["crop_to_image"], gt[..., :2])
    pred_xy = predictions["keypoints"][..., :2]
    similarity = keypoint_similarity(pred_xy, gt_xy, areas, np.asarray(sigmas))
    labelled = gt[..., 2] > 0
    correct = similarity[labelled] >= CORRECT_SIMILARITY
    scores = predictions["keypoints"][..., 2][labelled]
    report = {}
    precision, recall = precision_recall(scores, correct, thresholds)
    for index, threshold in enumerate(thresholds):
        report[f"Precision@{threshold:g}"] = 100 * float(precision[index])
        report[f"Recall@{threshold:g}"] = 100 * float(recall[index])
    report["ECE"] = expected_calibration_error(scores, correct)
    report["AUROC"] = auroc(scores, correct)
    return {name: value for name, value in report.items() if np.isfinite(value)}
