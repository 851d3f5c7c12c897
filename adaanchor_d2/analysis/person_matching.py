"""Who in the annotations is meant by a predicted person, even where the pose is wrong.

COCO's matching takes an OKS of at least 0.5, so that what is to be diagnosed is never seen: a pose
with left and right exchanged, or with neighbours' joints, has less. Here a joint fits a person when
it lies at that joint or at its mirror partner; the fit of a pose is the mean of these similarities,
its closeness the mean of 1 / (1 + d^2 / area). People are matched in two passes:

1. As COCO does, from the highest score down, each prediction takes a person still free whom it fits
   to at least 0.5, the one of whom it explains most joints (fit x labelled joints). Of equal scores
   the prediction that explains most chooses first.
2. What is left in an image is matched so that most is explained in all (fit + closeness, x labelled
   joints). Allowed is a fit of at least 0.1, Ronchi and Perona's limit, or a closeness of at least
   0.5: typically within the person's size. But a prediction that is more than twice as like
   somebody else is that person's duplicate.

Scores choose in the first pass, so that a file with many predictions a person is not measured by
its luckiest ones. Duplicates, and predictions that lie on nobody, stay unmatched.

Shapes: N predicted and G annotated people of all images, P pairs of them, K keypoint types.
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from ..evaluation.image_predictions import Table
from ..evaluation.matching import match_in_order, pairs_within_groups
from ..evaluation.metrics import keypoint_similarity

MIN_FIT = 0.5
MIN_WEAK_FIT = 0.1
MIN_CLOSENESS = 0.5
# Pairs of people that are compared at once: few enough to bound the memory.
_BLOCK_SIZE = 20_000


class _Pairs(NamedTuple):
    """All pairs of people in the same image: row numbers, image, labelled joints, how alike."""

    predicted: np.ndarray
    annotated: np.ndarray
    image_id: np.ndarray
    num_labelled: np.ndarray
    fit: np.ndarray
    closeness: np.ndarray

    def where(self, chosen: np.ndarray) -> "_Pairs":
        return _Pairs(*(column[chosen] for column in self))


def match_poses(
    people: Table, gt: Table, sigmas: np.ndarray, flip_indices: np.ndarray
) -> np.ndarray:
    """Match predicted to annotated people, one to one.

    Args:
        people: ``image_id`` (N,), ``keypoints`` (N, K, 3): x, y, score, where 0 is a joint that was
            not located; ``score`` (N,).
        gt: ``image_id`` (G,), ``area`` (G,), ``keypoints`` (G, K, 3): x, y, v.
        sigmas: (K,).
        flip_indices: (K,), each type's mirror partner.

    Returns:
        (G,) row of the prediction, -1 for nobody.
    """
    pairs = _compare_pairs(people, gt, sigmas, flip_indices)
    match = np.full(len(gt["image_id"]), -1)
    _match_by_score(match, pairs.where(pairs.fit >= MIN_FIT), people["score"])
    likeness = pairs.fit + pairs.closeness
    most_alike = np.zeros(len(people["image_id"]))
    np.maximum.at(most_alike, pairs.predicted, likeness)
    allowed = (pairs.fit >= MIN_WEAK_FIT) | (pairs.closeness >= MIN_CLOSENESS)
    allowed &= likeness >= most_alike[pairs.predicted] / 2
    allowed &= (match[pairs.annotated] < 0) & ~np.isin(pairs.predicted, match)
    _match_rest(match, pairs.where(allowed))
    return match


def _match_by_score(match: np.ndarray, pairs: _Pairs, score: np.ndarray) -> None:
    explained = pairs.fit * pairs.num_labelled
    order = np.lexsort((pairs.annotated, -explained, -score[pairs.predicted]))
    predicted, annotated = pairs.predicted[order], pairs.annotated[order]
    taken = match_in_order(predicted, annotated)
    match[annotated[taken]] = predicted[taken]


def _match_rest(match: np.ndarray, pairs: _Pairs) -> None:
    order = np.argsort(pairs.image_id, kind="stable")
    starts = np.flatnonzero(np.diff(pairs.image_id[order])) + 1
    for rows in np.split(order, starts) if len(order) else ():
        image = pairs.where(rows)
        predictions, row = np.unique(image.predicted, return_inverse=True)
        annotated, column = np.unique(image.annotated, return_inverse=True)
        explained = np.zeros((len(predictions), len(annotated)))
        explained[row, column] = (image.fit + image.closeness) * image.num_labelled
        row, column = linear_sum_assignment(explained, maximize=True)
        real = explained[row, column] > 0
        match[annotated[column[real]]] = predictions[row[real]]


def _compare_pairs(people: Table, gt: Table, sigmas: np.ndarray, flip_indices) -> _Pairs:
    predicted, annotated = pairs_within_groups(people["image_id"], gt["image_id"])
    num_labelled = (gt["keypoints"][..., 2] > 0).sum(axis=1)
    fit, closeness = np.empty(len(predicted)), np.empty(len(predicted))
    for start in range(0, len(predicted), _BLOCK_SIZE):
        block = slice(start, start + _BLOCK_SIZE)
        pred = people["keypoints"][predicted[block]]
        true = gt["keypoints"][annotated[block]]
        counted = (true[..., 2] > 0) & (pred[..., 2] > 0)
        likeness = [
            _compare_joints(pred, places, gt["area"][annotated[block]], sigmas)
            for places in (true, true[:, flip_indices])
        ]
        best = np.maximum(*likeness) * counted
        fit[block], closeness[block] = best.sum(axis=-1) / np.maximum(
            num_labelled[annotated[block]], 1
        )
    return _Pairs(
        predicted, annotated, gt["image_id"][annotated], num_labelled[annotated], fit, closeness
    )


def _compare_joints(
    pred: np.ndarray, places: np.ndarray, area: np.ndarray, sigmas: np.ndarray
) -> np.ndarray:
    """Similarity and closeness (2, P, K) of joints with places; 0 where these are not labelled."""
    similarity = keypoint_similarity(pred[..., :2], places[..., :2], area, sigmas)
    squared_distance = ((pred[..., :2] - places[..., :2]) ** 2).sum(axis=-1)
    area = area[:, None] + np.spacing(1)
    return np.stack([similarity, area / (area + squared_distance)]) * (places[..., 2] > 0)
