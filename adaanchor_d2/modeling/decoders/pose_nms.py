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
    extent = np.linalg.norm(np.ptp(xy, axis=1), axis=1) if len(xy) else np.zeros(0)
    x, y = xy[..., 0], xy[..., 1]
    dx, dy = x[:, None] - x, y[:, None] - y
    near = dx * dx + dy * dy < np.square(threshold * extent)[:, None, None]
    same = np.count_nonzero(near, axis=2) > num_keypoints
    np.fill_diagonal(same, True)
    return same


def keep_best_poses(same: np.ndarray, quality: np.ndarray) -> np.ndarray:
    """Return the indices of the poses that are kept, in the order in which their groups are made.

    Args:
        same: (N, N), what :func:`same_person` returns.
        quality: (N,), the best of a group is kept by it.
    """
    settled = np.zeros(len(same), dtype=bool)
    kept = []
    for index, group in enumerate(same):
        if settled[index]:
            continue
        best = np.where(group, quality, -np.inf).argmax()
        if not settled[best]:
            kept.append(best)
            settled |= group
    return np.array(kept, dtype=np.int64)
