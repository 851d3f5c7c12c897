"""Recall of detected keypoints before they are grouped into people (appendix A.2 of the paper)."""

from collections.abc import Sequence

import numpy as np


def keypoint_recall(
    pred: Sequence[np.ndarray],
    gt: Sequence[np.ndarray],
    limits: Sequence[np.ndarray] | None = None,
) -> tuple[int, int]:
    """Count the annotated keypoints that a detection is matched to.

    Per image and keypoint type, detections are visited from the highest score down (equal scores in
    the order given); each takes the nearest annotated keypoint that is still free and, with
    ``limits``, no further away than that keypoint's limit. The recall is matched / total.

    Without limits, as the paper's appendix defines it, a detection matches at any distance: the
    number then only says how many detections there are, not how good they are.

    Args:
        pred: per image (M, 4): x, y, score, type.
        gt: per image (G, 3): x, y, type.
        limits: per image (G,), pixels.

    Returns:
        (matched, total) over all images.
    """
    if limits is None:
        limits = [np.full(len(points), np.inf) for points in gt]
    matched = total = 0
    for detections, points, limit in zip(pred, gt, limits, strict=True):
        detections = np.asarray(detections, dtype=np.float64).reshape(-1, 4)
        points = np.asarray(points, dtype=np.float64).reshape(-1, 3)
        limit = np.asarray(limit, dtype=np.float64)
        total += len(points)
        for keypoint_type in np.unique(points[:, 2]):
            same_type = points[:, 2] == keypoint_type
            matched += _num_matched(
                detections[detections[:, 3] == keypoint_type],
                points[same_type, :2],
                limit[same_type],
            )
    return matched, total


def _num_matched(detections: np.ndarray, points: np.ndarray, limit: np.ndarray) -> int:
    """Greedy matching of detections (M, 4) with points (G, 2) of one image and type."""
    if np.isinf(limit).all():
        return min(len(detections), len(points))
    by_score = detections[np.argsort(-detections[:, 2], kind="stable")]
    distance = np.linalg.norm(by_score[:, None, :2] - points[None], axis=-1)
    distance[distance > limit] = np.inf
    matched = 0
    for row in distance:
        nearest = row.argmin()
        if np.isfinite(row[nearest]):
            distance[:, nearest] = np.inf
            matched += 1
    return matched
