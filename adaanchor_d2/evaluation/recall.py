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
    if len(pred) != len(gt) or (limits is not None and len(limits) != len(gt)):
        raise ValueError("pred, gt and limits must be lists of as many images")
    matched = 0
    for start in range(0, len(gt), _BLOCK_SIZE):
        block = slice(start, start + _BLOCK_SIZE)
        near = None if limits is None else limits[block]
        matched += _num_matched(pred[block], gt[block], near)
    return matched, sum(map(len, gt))


def _num_matched(
    pred: Sequence[np.ndarray], gt: Sequence[np.ndarray], limits: Sequence[np.ndarray] | None
) -> int:
    """Matched keypoints of a block of images."""
    detections, detection_image = _stack(pred, 4)
    points, point_image = _stack(gt, 3)
    num_types = 1 + int(max(detections[:, 3].max(initial=0), points[:, 2].max(initial=0)))
    detection_group = detection_image * num_types + detections[:, 3].astype(np.int64)
    point_group = point_image * num_types + points[:, 2].astype(np.int64)
    if limits is None:  # Each detection takes a keypoint while there is one.
        num_groups = len(gt) * num_types
        num_detections = np.bincount(detection_group, minlength=num_groups)
        return int(np.minimum(num_detections, np.bincount(point_group, minlength=num_groups)).sum())

    by_score = np.argsort(-detections[:, 2], kind="stable")
    rank, point = pairs_within_groups(detection_group[by_score], point_group)
    distance = np.linalg.norm(detections[by_score[rank], :2] - points[point, :2], axis=1)
    near = distance <= np.concatenate(limits)[point]
    rank, point, distance = rank[near], point[near], distance[near]
    nearest_first = np.lexsort((distance, rank))
    return len(match_in_order(rank[nearest_first], point[nearest_first]))


def _stack(arrays: Sequence[np.ndarray], num_columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows (N, num_columns) of all images, and the image (N,) of each."""
    arrays = [np.asarray(rows, dtype=np.float64).reshape(-1, num_columns) for rows in arrays]
    return np.concatenate(arrays), np.repeat(np.arange(len(arrays)), [len(rows) for rows in arrays])
