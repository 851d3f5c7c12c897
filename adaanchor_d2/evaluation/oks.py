"""Object keypoint similarity (OKS), COCO's measure of how near two poses are.

Shapes: N people, K keypoint types. All coordinates and areas are in the same image pixels.
"""

import numpy as np

# COCOeval adds it to the area, so that an area of 0 does not divide by zero.
_AREA_EPS = np.spacing(1)


def keypoint_similarity(
    pred: np.ndarray, gt: np.ndarray, area: np.ndarray, sigmas: np.ndarray
) -> np.ndarray:
    """Similarity of each keypoint, KS = exp(-d^2 / (2 s^2 k^2)), as in COCO's evaluation.

    d is the distance in pixels, s^2 the person's annotated area, k = 2 sigma of the type.

    Args:
        pred: (..., K, 2), x and y in pixels.
        gt: (..., K, 2), broadcast against ``pred``.
        area: (...), square pixels.
        sigmas: (K,), the skeleton's sigmas.

    Returns:
        (..., K), from 0 to 1.
    """
    pred, gt = np.asarray(pred, dtype=np.float64), np.asarray(gt, dtype=np.float64)
    squared_distance = (pred[..., 0] - gt[..., 0]) ** 2 + (pred[..., 1] - gt[..., 1]) ** 2
    variances = (2 * np.asarray(sigmas, dtype=np.float64)) ** 2
    area = np.asarray(area, dtype=np.float64)[..., None] + _AREA_EPS
    return np.exp(squared_distance / variances / area / -2)


def similarity_radius(area: np.ndarray, sigmas: np.ndarray, similarity: float) -> np.ndarray:
    """Distance at which :func:`keypoint_similarity` falls to ``similarity``.

    Args:
        area: (...), square pixels.
        sigmas: (K,).
        similarity: above 0, below 1.

    Returns:
        (..., K), pixels.
    """
    scale = np.sqrt(np.asarray(area, dtype=np.float64)[..., None] + _AREA_EPS)
    deviation = 2 * np.asarray(sigmas, dtype=np.float64) * scale
    return deviation * np.sqrt(-2 * np.log(similarity))


def oks(
    pred: np.ndarray,
    gt: np.ndarray,
    area: np.ndarray,
    sigmas: np.ndarray,
    labelled: np.ndarray | None = None,
) -> np.ndarray:
    """OKS of each person: the mean :func:`keypoint_similarity` of the labelled keypoints.

    Args:
        pred, gt, area, sigmas: as in :func:`keypoint_similarity`.
        labelled: (..., K) bool; None counts every keypoint.

    Returns:
        (...), from 0 to 1; NaN for a person without labelled keypoints.
    """
    similarity = keypoint_similarity(pred, gt, area, sigmas)
    if labelled is None:
        return similarity.mean(axis=-1)
    labelled = np.asarray(labelled, dtype=bool)
    count = labelled.sum(axis=-1)
    total = np.where(labelled, similarity, 0.0).sum(axis=-1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
