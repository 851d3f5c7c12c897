"""``keypoint_predictions.json``, the predictions of one person (or face) an entry, read."""

import math

import numpy as np

from ..data.datasets import mpii, wflw
from ..data.datasets.coco_json import read_json
from ..errors import InputError

# Evaluator types of the data sets with one person (or face) an entry -> what their readers add to
# the coordinates of files.
TO_CONTINUOUS = {"mpii_keypoints": mpii.TO_CONTINUOUS, "wflw_landmarks": wflw.TO_CONTINUOUS}


def read_entry_results(
    json_file: str, num_keypoints: int, to_continuous: float
) -> dict[str, np.ndarray]:
    """Read what :class:`~.entry_evaluator.EntryEvaluator` writes.

    Args:
        num_keypoints: K of the skeleton.
        to_continuous: what the data set's reader adds to the coordinates of its files.

    Returns:
        ``annotation_id`` (N,) and ``keypoints`` (N, K, 3): x, y in continuous image pixels, score.

    Raises:
        InputError: naming the file and the entry at fault.
    """
    content = read_json(json_file, "Result file")
    if not isinstance(content, list) or not content:
        raise InputError(f"Result file {json_file} is no list of predictions.")
    for number, entry in enumerate(content):
        if not _is_entry(entry, num_keypoints):
            raise InputError(
                f"Result file {json_file}: entry {number} has no annotation_id or no "
                f"{num_keypoints} keypoints of three finite numbers."
            )
    in_file = np.array([entry["keypoints"] for entry in content], dtype=np.float64)
    return {
        "annotation_id": np.array([entry["annotation_id"] for entry in content], dtype=np.int64),
        "keypoints": in_file + np.array([to_continuous, to_continuous, 0.0]),
    }


def _is_entry(entry, num_keypoints: int) -> bool:
    if not isinstance(entry, dict) or not isinstance(entry.get("annotation_id"), int):
        return False
    points = entry.get("keypoints")
    if not isinstance(points, list) or len(points) != num_keypoints:
        return False
    try:
        return all(len(point) == 3 and all(map(math.isfinite, point)) for point in points)
    except (TypeError, OverflowError):
        return False
