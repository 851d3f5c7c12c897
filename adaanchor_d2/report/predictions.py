"""What a run predicted for each annotated keypoint, from the files that evaluators write.

Shapes: N annotated people, K keypoint types, as in ``people``.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..analysis import MatchedKeypoints, load_matched_keypoints
from ..errors import InputError
from ..evaluation.entry_results import TO_CONTINUOUS, read_entry_results
from ..evaluation.metadata import find_annotation_files
from .people import People
from .runs import Run

_COCO_FILE = "coco_instances_results.json"
_ENTRY_FILE = "keypoint_predictions.json"


@dataclass(frozen=True)
class Predictions:
    """Predicted keypoints in the order of the annotated people; NaN where there are none.

    Attributes:
        xy: (N, K, 2), continuous image pixels.
        score: (N, K); None where the rule gives no confidence.
        anchor: (N, K, 2); None where the file has no anchors.
        error: (N, K), distance to the annotated place in units of ``People.limit``: up to 1 is
            right. Infinite where nothing is found, NaN where nothing is labelled.
        matched: the analysis of a file in COCO's form; None for the others.
    """

    xy: np.ndarray
    score: np.ndarray | None
    anchor: np.ndarray | None
    error: np.ndarray
    matched: MatchedKeypoints | None


def result_file(run: Run, people: People) -> Path:
    """Where the evaluator of the test set writes what a run predicts."""
    is_by_entry = people.evaluator_type in TO_CONTINUOUS
    return run.inference_folder / (_ENTRY_FILE if is_by_entry else _COCO_FILE)


def load_predictions(run: Run, people: People) -> Predictions:
    """Read a run's :func:`result_file`.

    Raises:
        InputError: it is missing, broken, or does not belong to the test set.
    """
    path = str(result_file(run, people))
    if people.evaluator_type in TO_CONTINUOUS:
        matched, anchor = None, None
        xy, score = _read_entries(path, people)
    else:
        (gt_file,) = find_annotation_files(people.data_set)
        matched = load_matched_keypoints(gt_file, path, people.skeleton)
        xy, score, anchor = _in_order_of_people(matched, people)
    distance = np.linalg.norm(xy - people.keypoints[..., :2], axis=-1)
    error = np.where(np.isnan(distance), np.inf, distance / people.limit)
    error = np.where(people.labelled, error, np.nan)
    known = score[np.isfinite(score)]
    # Rules without a confidence write the same score everywhere.
    has_confidence = len(known) > 0 and not (known == known[0]).all()
    return Predictions(xy, score if has_confidence else None, anchor, error, matched)


def _read_entries(json_file: str, people: People) -> tuple[np.ndarray, np.ndarray]:
    """Places (N, K, 2) and scores (N, K) of a file with one person an entry."""
    shift = TO_CONTINUOUS[people.evaluator_type]
    found = read_entry_results(json_file, people.skeleton.num_keypoints, shift)
    _, rows, entries = np.intersect1d(
        people.annotation_id, found["annotation_id"], return_indices=True
    )
    if len(rows) == 0:
        raise InputError(f"{json_file} has no prediction for the people of {people.data_set}.")
    keypoints = np.full(people.keypoints.shape, np.nan)
    keypoints[rows] = found["keypoints"][entries]
    return keypoints[..., :2], keypoints[..., 2]


def _in_order_of_people(
    matched: MatchedKeypoints, people: People
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Places (N, K, 2), scores (N, K) and anchors (N, K, 2) or None."""
    place = _rows_of(matched, people), matched.kind
    num_people, num_kinds = people.labelled.shape

    def spread_out(values: np.ndarray) -> np.ndarray:
        table = np.full((num_people, num_kinds, *values.shape[1:]), np.nan)
        table[place] = values
        return table

    anchor = None if matched.anchor_xy is None else spread_out(matched.anchor_xy)
    return spread_out(matched.pred_xy), spread_out(matched.score), anchor


def _rows_of(matched: MatchedKeypoints, people: People) -> np.ndarray:
    """(M,) row among the annotated people."""
    order = np.argsort(people.annotation_id)
    return order[np.searchsorted(people.annotation_id, matched.annotation_id, sorter=order)]


def error_kinds(predictions: Predictions, people: People) -> np.ndarray | None:
    """(N, K) indices of ``analysis.ERROR_KINDS``; None where the file is not in COCO's form."""
    matched = predictions.matched
    if matched is None:
        return None
    kinds = np.zeros(people.labelled.shape, dtype=int)
    kinds[_rows_of(matched, people), matched.kind] = matched.error
    return kinds
