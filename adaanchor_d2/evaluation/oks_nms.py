"""Removal of people found twice, by OKS (SimplePose's OKS-NMS)."""

import numpy as np

from .oks import oks

# About as many keypoint similarities are computed at once: few enough for the processor's cache.
_BLOCK_SIZE = 100_000


def oks_nms(
    keypoints: np.ndarray,
    scores: np.ndarray,
    areas: np.ndarray,
    sigmas: np.ndarray,
    threshold: float,
) -> np.ndarray:
    """Keep the best of people that lie on each other, in one image.

    People are visited from the highest score down (equal scores in the order given). A kept person
    removes the later ones whose OKS with it exceeds ``threshold``. The OKS of two predictions
    counts all K keypoints and takes the mean of both areas.

    Args:
        keypoints: (N, K, 2), image pixels.
        scores: (N,).
        areas: (N,), square pixels.
        sigmas: (K,).
        threshold: 1 or more removes nobody.

    Returns:
        Indices of the people kept, in the order visited.
    """
    order = np.argsort(-np.asarray(scores), kind="stable")
    too_close = _pairwise_oks(np.asarray(keypoints)[order], np.asarray(areas)[order], sigmas)
    too_close = np.triu(too_close > threshold, k=1)
    kept = np.ones(len(order), dtype=bool)
    for better in np.flatnonzero(too_close.any(axis=1)):
        if kept[better]:
            kept &= ~too_close[better]
    return order[kept]


def oks_nms_per_image(
    image_ids: np.ndarray,
    keypoints: np.ndarray,
    scores: np.ndarray,
    areas: np.ndarray,
    sigmas: np.ndarray,
    threshold: float,
) -> np.ndarray:
    """Apply :func:`oks_nms` to the people of each image.

    Args:
        image_ids: (N,); one image's people need not be adjacent.
        keypoints, scores, areas, sigmas, threshold: as in :func:`oks_nms`.

    Returns:
        Indices of the people kept, ascending.
    """
    if len(image_ids) == 0:
        return np.zeros(0, dtype=np.int64)
    by_image = np.argsort(image_ids, kind="stable")
    starts = np.flatnonzero(np.diff(np.asarray(image_ids)[by_image])) + 1
    kept = [
        people[oks_nms(keypoints[people], scores[people], areas[people], sigmas, threshold)]
        for people in np.split(by_image, starts)
    ]
    return np.sort(np.concatenate(kept))


def _pairwise_oks(keypoints: np.ndarray, areas: np.ndarray, sigmas: np.ndarray) -> np.ndarray:
    """(N, N) OKS of all pairs, computed in blocks of rows to bound the memory."""
    num_people, num_keypoints = keypoints.shape[:2]
    rows = max(1, _BLOCK_SIZE // max(1, num_people * num_keypoints))
    similarity = np.empty((num_people, num_people))
    for start in range(0, num_people, rows):
        block = slice(start, start + rows)
        mean_area = (areas[block, None] + areas[None]) / 2
        similarity[block] = oks(keypoints[block, None], keypoints[None], mean_area, sigmas)
    return similarity
