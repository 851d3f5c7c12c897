"""What a run predicted for each annotated keypoint, from the files that evaluators write.

Shapes: N annotated people, K keypoint types, as in ``people``.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..analysis import load_matched_keypoints
from ..data.datasets import mpii, wflw
from ..errors import InputError
from ..evaluation.entry_results import read_entry_results
from ..evaluation.metadata import find_annotation_files
from .people import People
from .runs import Run

_COCO_FILE = "coco_instances_results.json"
_ENTRY_FILE = "keypoint_predictions.json"
# What readers of files with one person an entry add to coordinates.
_TO_CONTINUOUS = {"mpii_keypoints": mpii.TO_CONTINUOUS, "wflw_landmarks": wflw.TO_CONTINUOUS}


@dataclass(frozen=True)
class Predictions:
    """Predicted keypoints in the order of the annotated people; NaN where there are none.

    Attributes:
        xy (N, K, 2): continuous image pixels.
        score (N, K): None where the rule gives no confidence.
        anchor (N, K, 2): None where the file has no anchors.
        error (N, K): distance to the annotated place in units of ``People.limit``: up to 1 is
            right. Infinite where the person is not found, NaN where nothing is labelled.
    """

    xy: np.ndarray
    score: np.ndarray | None
    anchor: np.ndarray | None
    error: np.ndarray


def result_file(run: Run, people: People) -> Path:
    """Where the evaluator of the test set writes what a run predicts."""
    is_by_entry = people.evaluator_type in _TO_CONTINUOUS
    return run.inference_folder / (_ENTRY_FILE if is_by_entry else _COCO_FILE)


def load_predictions(run: Run, people: People) -> Predictions:
    """Read a run's :func:`result_file`.

    Raises:
        InputError: it is missing, broken, or does not belong to the test set.
    """
    xy, score, anchor = _read(run, people)
    distance = np.linalg.norm(xy - people.keypoints[..., :2], axis=-1)
    error = np.where(np.isnan(distance), np.inf, distance / people.limit)
    error = np.where(people.labelled, error, np.nan)
    known = score[np.isfinite(score)]
    # Rules without a confidence write the same score everywhere.
    has_confidence = len(known) > 0 and not (known == known[0]).all()
    return Predictions(xy, score if has_confidence else None, anchor, error)


def _read(run: Run, people: People) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    if people.evaluator_type in _TO_CONTINUOUS:
        return _read_entries(run, people)
    return _read_coco_form(run, people)


def _read_entries(run: Run, people: People) -> tuple[np.ndarray, np.ndarray, None]:
    json_file = str(result_file(run, people))
    shift = _TO_CONTINUOUS[people.evaluator_type]
    found = read_entry_results(json_file, people.skeleton.num_keypoints, shift)
    keypoints = np.full(people.keypoints.shape, np.nan)
    rows, places = _rows_of(found["annotation_id"], people, json_file)
    keypoints[rows] = found["keypoints"][places]
    return keypoints[..., :2], keypoints[..., 2], None


def _rows_of(ids: np.ndarray, people: People, json_file: str) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the people who have one of ``ids``, and which of them that is."""
    _, rows, places = np.intersect1d(people.annotation_id, ids, return_indices=True)
    if len(rows) == 0:
        raise InputError(f"{json_file} has no prediction for the people of {people.data_set}.")
    return rows, places


def _read_coco_form(run: Run, people: People) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    (gt_file,) = find_annotation_files(people.data_set)
    matched = load_matched_keypoints(gt_file, str(result_file(run, people)), people.skeleton)
    known = np.isin(matched.annotation_id, people.annotation_id)
    order = np.argsort(people.annotation_id)
    ids = matched.annotation_id[known]
    row = order[np.searchsorted(people.annotation_id, ids, sorter=order)]
    place = row, matched.kind[known]
    xy = np.full((*people.labelled.shape, 2), np.nan)
    score = np.full(people.labelled.shape, np.nan)
    xy[place], score[place] = matched.pred_xy[known], matched.score[known]
    anchor = None
    if matched.anchor_xy is not None:
        anchor = np.full_like(xy, np.nan)
        anchor[place] = matched.anchor_xy[known]
    return xy, score, anchor
