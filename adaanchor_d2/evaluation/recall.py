"""Recall of detected keypoints before they are grouped into people (appendix A.2 of the paper)."""

from collections.abc import Sequence

import numpy as np

from .matching import match_in_order, pairs_within_groups

# Images that are matched at once: enough to be quick, few enough to bound the memory.
_BLOCK_SIZE = 250


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
    if not len(pred) == len(gt) == len(limits):
        raise ValueError(
            f"pred ({len(pred)}), gt ({len(gt)}) and limits ({len(limits)}) must be as many images"
        )
    matched = sum(
        _num_matched(*(images[start : start + _BLOCK_SIZE] for images in (pred, gt, limits)))
        for start in range(0, len(gt), _BLOCK_SIZE)
    )
    return matched, sum(map(len, gt))


def _num_matched(
    pred: Sequence[np.ndarray], gt: Sequence[np.ndarray], limits: Sequence[np.ndarray]
) -> int:
    """Matched keypoints of a block of images."""
    detections, detection_image = _stack(pred, 4)
    points, point_image = _stack(gt, 3)
    limit = np.concatenate([np.asarray(values, dtype=np.float64) for values in limits])
    by_score = np.argsort(-detections[:, 2], kind="stable")
    detections, detection_image = detections[by_score], detection_image[by_score]

    num_types = 1 + max(detections[:, 3].max(initial=0), points[:, 2].max(initial=0))
    detection, point = pairs_within_groups(
        detection_image * num_types + detections[:, 3], point_image * num_types + points[:, 2]
    )
    distance = np.linalg.norm(detections[detection, :2] - points[point, :2], axis=1)
    near = distance <= limit[point]
    detection, point, distance = detection[near], point[near], distance[near]
    nearest_first = np.lexsort((distance, detection))
    return len(match_in_order(detection[nearest_first], point[nearest_first]))


def _stack(arrays: Sequence[np.ndarray], num_columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows (N, num_columns) of all images, and the image (N,) of each."""
    arrays = [np.asarray(rows, dtype=np.float64).reshape(-1, num_columns) for rows in arrays]
    return np.concatenate(arrays), np.repeat(np.arange(len(arrays)), [len(rows) for rows in arrays])
