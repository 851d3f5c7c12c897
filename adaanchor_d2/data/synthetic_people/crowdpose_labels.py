"""CrowdPose annotations of the synthetic people: 14 points, no area and no segmentation."""

import numpy as np

from ..datasets.crowdpose import NUM_COUNTED
from ..skeletons import get_skeleton
from .figure import Figure
from .labels import Silhouette, flat_keypoints, label_person
from .mpii_labels import mpii_joints

_MPII_NAMES = get_skeleton("mpii").names
_NAMES = get_skeleton("crowdpose").names
_HEAD, _NECK = _NAMES.index("head"), _NAMES.index("neck")
_MPII_OF = {"head": "head_top", "neck": "upper_neck"}
_MPII_ROWS = [_MPII_NAMES.index(_MPII_OF.get(name, name)) for name in _NAMES]
_THORAX = _MPII_NAMES.index("thorax")
# From thorax to upper neck. In CrowdPose the neck lies at 0.23 (median of its validation split) of
# the way from the shoulders' middle to the head; here the upper neck lies at 0.31.
_NECK_HEIGHT = 0.75


def crowdpose_joints(figure: Figure) -> np.ndarray:
    """Return (14, 2) points in continuous pixel coordinates; the head is the top of the head."""
    joints = mpii_joints(figure)
    points = joints[_MPII_ROWS]
    thorax = joints[_THORAX]
    points[_NECK] = thorax + _NECK_HEIGHT * (points[_NECK] - thorax)
    return points


def annotate_crowdpose(
    labels: np.ndarray, person: int, figure: Figure, silhouette: Silhouette
) -> dict | None:
    """Return a person's annotation without ids, None when too little of the person is visible.

    As in the official files v of head and neck is at most 1, and ``num_keypoints`` leaves these two
    out. The box holds what is hidden by others too. Arguments as in ``label_person``.
    """
    points = crowdpose_joints(figure)
    seen = label_person(labels, person, figure, silhouette, points, "crowdpose")
    if seen is None:
        return None
    flags = seen.flags.copy()
    flags[[_HEAD, _NECK]] = np.minimum(flags[[_HEAD, _NECK]], 1)
    left, top, right, bottom = silhouette.box
    return {
        "category_id": 1,
        "iscrowd": 0,
        "bbox": [float(v) for v in (left, top, right - left, bottom - top)],
        "num_keypoints": int(np.count_nonzero(flags[:NUM_COUNTED])),
        "keypoints": flat_keypoints(points, flags),
    }
