"""MPII annotations of the synthetic people: 16 joints, centre, scale and head box.

MPII's coordinates count pixels from 1, so a pixel's centre, at + 0.5 here, is a whole number there.
"""

import numpy as np

from ..datasets.mpii import PIXELS_PER_SCALE
from ..skeletons import get_skeleton
from .body import SPHERE_ROWS
from .figure import Figure
from .labels import Silhouette, label_person

_NAMES = get_skeleton("mpii").names
_MADE = ("thorax", "upper_neck", "head_top")  # no spheres of their own
_ROWS = [SPHERE_ROWS["skull" if name in _MADE else name] for name in _NAMES]
_SHOULDERS = [SPHERE_ROWS["left_shoulder"], SPHERE_ROWS["right_shoulder"]]
_PELVIS, _THORAX, _UPPER_NECK, _HEAD_TOP = (
    _NAMES.index(name) for name in ("pelvis", "thorax", "upper_neck", "head_top")
)


def mpii_joints(figure: Figure) -> np.ndarray:
    """Return (16, 2) joints in continuous pixel coordinates.

    As in MPII the thorax is the middle of the shoulders; upper neck and head top are the ends of
    the head's own axis.
    """
    flat = figure.body.flat
    points = flat[_ROWS].copy()
    points[_THORAX] = flat[_SHOULDERS].mean(axis=0)
    up = _skull_axes(figure)[:2, 1] * (1, -1)
    points[_UPPER_NECK] -= up
    points[_HEAD_TOP] += up
    return points * figure.stature_px + figure.origin


def head_box(figure: Figure) -> np.ndarray:
    """Return (2, 2) the low and the high corner of the box around the skull, pixels."""
    skull = SPHERE_ROWS["skull"]
    reach = np.sqrt((_skull_axes(figure)[:2] ** 2).sum(axis=1))
    corners = figure.body.flat[skull] + np.stack((-reach, reach))
    return corners * figure.stature_px + figure.origin


def _skull_axes(figure: Figure) -> np.ndarray:
    """Return (3, 3) the half axes (columns) of the skull as the camera sees them, statures."""
    return figure.body.head_axes * figure.body.nearness[SPHERE_ROWS["skull"]]


def annotate_mpii(
    labels: np.ndarray, person: int, figure: Figure, silhouette: Silhouette
) -> dict | None:
    """Return a person's entry of MPII's json without ``image``, and ``head_box`` beside it.

    None when too little of the person is visible, or the middle of its head is outside the
    picture: MPII's people have a head box. Joints outside the picture, and hidden ones far from
    everything that is visible, are missing. Arguments as in ``label_person``.
    """
    points, box = mpii_joints(figure), head_box(figure)
    size = (labels.shape[1], labels.shape[0])
    seen = label_person(labels, person, figure, silhouette, points, "mpii")
    middle = box.mean(axis=0)
    if seen is None or not seen.flags.any() or (middle < 0).any() or (middle >= size).any():
        return None
    labelled = seen.flags > 0
    joints = np.where(labelled[:, None], points + 0.5, -1.0)
    trunk = points[[_PELVIS, _THORAX]].mean(axis=0)
    return {
        "joints_vis": labelled.astype(int).tolist(),
        "joints": np.round(joints, 4).tolist(),
        "scale": round(figure.stature_px / PIXELS_PER_SCALE, 6),
        "center": np.round(np.clip(trunk, 0.5, np.array(size) - 0.5) + 0.5, 4).tolist(),
        "head_box": (box + 0.5).tolist(),
    }
