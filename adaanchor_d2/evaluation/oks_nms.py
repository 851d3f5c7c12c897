"""Removal of people found twice, by OKS (SimplePose's OKS-NMS)."""

import numpy as np

from .oks import oks

# About as many keypoint similarities are computed at once: few enough for the processor's cache.
_BLOCK_SIZE = 100_000


def oks_nms(
    image_ids: np.ndarray,
    keypoints: np.ndarray,
    scores: np.ndarray,
    areas: np.ndarray,
    sigmas: np.ndarray,
    threshold: float,
) -> np.ndarray:
    """Keep the best of people that lie on each other, in each image.

    The people of an image are visited from the highest score down (equal scores in the order
    given). A kept person removes the later ones whose OKS with it exceeds ``threshold``. The OKS of
    two predictions counts all K keypoints and takes the mean of both areas.

    Args:
        image_ids: (N,); one image's people need not be adjacent.
        keypoints: (N, K, 2), image pixels.
        scores: (N,).
        areas: (N,), square image pixels.
        sigmas: (K,).
        threshold: 1 or more removes nobody.

    Returns:
        Indices of the people kept, ascending.
    """
    best_first = np.lexsort((-scores, image_ids))
    kept = np.zeros(len(image_ids), dtype=bool)
    for people in np.split(best_first, np.flatnonzero(np.diff(image_ids[best_first])) + 1):
        too_close = _pairwise_oks(keypoints[people], areas[people], sigmas) > threshold
        kept[people] = _keep_best(np.triu(too_close, k=1))
    return np.flatnonzero(kept)


def _keep_best(too_close: np.ndarray) -> np.ndarray:
    """(N,) bool: who stays. ``too_close`` (N, N): whom each person, best first, would remove."""
    kept = np.ones(len(too_close), dtype=bool)
    for better in np.flatnonzero(too_close.any(axis=1)):
        if kept[better]:
            kept &= ~too_close[better]
    return kept


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
