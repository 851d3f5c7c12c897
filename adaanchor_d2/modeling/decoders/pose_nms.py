"""Removing poses that were found several times (DEKR's rule).

N people, best centre first; K keypoint types.

A pose j is *the same person as* i when more than ``num_keypoints`` of its keypoints lie nearer to
those of i than ``threshold`` times the extent of i, the diagonal of the box around i's keypoints.
The relation is not symmetric: the first pose's extent counts. Poses are visited from the best
centre down. One that is not settled yet makes a group of itself and all that are the same person.
The group's pose of the highest quality is kept and the whole group settled; but where that pose is
settled already, the visited one is passed over and nothing is settled.

The result depends on the order of the visits, as DEKR's does: its weights are to give its figures.
The order is defined: equal confidences of centres go to the lower row-major index, and of equal
qualities in a group the better centre is kept.
"""

import numpy as np


def same_person(xy: np.ndarray, threshold: float, num_keypoints: int) -> np.ndarray:
    """Return (N, N) bool: whether pose j (column) is the same person as pose i (row).

    A pose is the same person as itself, however small it is.

    Args:
        xy: (N, K, 2), any unit.
        threshold: fraction of the extent of pose i.
        num_keypoints: as many keypoints may lie that near in poses of different people.
    """
    points = xy.T.copy()  # (2, K, N): numpy is quick along the people
    squared_extent = np.square(points.max(axis=1) - points.min(axis=1)).sum(axis=0)
    x, y = points
    dx, dy = x[:, :, None] - x[:, None], y[:, :, None] - y[:, None]
    near = dx * dx + dy * dy < (threshold**2 * squared_extent)[:, None]
    same = near.sum(axis=0, dtype=np.uint16) > num_keypoints
    np.fill_diagonal(same, True)
    return same


def keep_best_poses(same: np.ndarray, quality: np.ndarray) -> np.ndarray:
    """Return the indices of the poses that are kept, in the order in which their groups are made.

    Args:
        same: (N, N), what :func:`same_person` returns.
        quality: (N,), the best of a group is kept by it.
    """
    settled = np.zeros(len(same), dtype=bool)
    best_of_group = np.where(same, quality, -np.inf).argmax(axis=1) if len(same) else ()
    kept = []
    for index, best in enumerate(best_of_group):
        if not (settled[index] or settled[best]):
            kept.append(best)
            settled |= same[index]
    return np.array(kept, dtype=np.int64)
