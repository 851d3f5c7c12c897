"""Who in the annotations is meant by a predicted person, even where the pose is wrong.

COCO's matching takes an OKS of at least 0.5, so that what is to be diagnosed is never seen: a pose
with left and right exchanged, or with a neighbour's joints, has less. Here a joint fits a person
when it lies at that joint or at its mirror partner, and a person is matched in two passes:

1. As COCO does, from the highest score down, each prediction takes the person still free whom it
   fits best, if the fit (the mean similarity) is at least 0.5. Of equal scores the better fit
   chooses first.
2. Predictions that fit nobody so well take the free people they lie on, the closest pair first:
   a mean closeness 1 / (1 + d^2 / area) of at least 0.5, so typically within the person's size.

A prediction that fits only people who are taken is a duplicate and stays unmatched, as do
predictions that lie on nobody. Scores choose in the first pass, so that a file with many
predictions a person is not measured by its luckiest ones.

Shapes: N predicted and G annotated people of all images, P pairs of them, K keypoint types.
"""

import numpy as np

from ..evaluation.image_predictions import Table
from ..evaluation.matching import match_in_order, pairs_within_groups
from ..evaluation.metrics import keypoint_similarity

MIN_FIT = 0.5
MIN_CLOSENESS = 0.5
# Pairs of people that are compared at once: few enough to bound the memory.
_BLOCK_SIZE = 20_000


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
    predicted, annotated = pairs_within_groups(people["image_id"], gt["image_id"])
    fit, closeness = _compare_pairs(people, gt, predicted, annotated, sigmas, flip_indices)
    match = np.full(len(gt["image_id"]), -1)
    fits = fit >= MIN_FIT
    score = people["score"][predicted]
    _take(match, predicted, annotated, np.flatnonzero(fits), (annotated, -fit, -score))
    open_pairs = (closeness >= MIN_CLOSENESS) & (match[annotated] < 0)
    open_pairs &= ~np.isin(predicted, predicted[fits])
    _take(match, predicted, annotated, np.flatnonzero(open_pairs), (annotated, -score, -closeness))
    return match


def _take(match: np.ndarray, predicted, annotated, pairs: np.ndarray, keys: tuple) -> None:
    """Match these pairs where both are free, in the order of the keys (the last counts most)."""
    ordered = pairs[np.lexsort([key[pairs] for key in keys])]
    taken = ordered[match_in_order(predicted[ordered], annotated[ordered])]
    match[annotated[taken]] = predicted[taken]


def _compare_pairs(
    people: Table,
    gt: Table,
    predicted: np.ndarray,
    annotated: np.ndarray,
    sigmas: np.ndarray,
    flip_indices: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Fit (P,) and closeness (P,) of pairs, means over the annotated person's labelled joints."""
    fit, closeness = np.empty(len(predicted)), np.empty(len(predicted))
    for start in range(0, len(predicted), _BLOCK_SIZE):
        block = slice(start, start + _BLOCK_SIZE)
        pred = people["keypoints"][predicted[block]]
        true = gt["keypoints"][annotated[block]]
        area = gt["area"][annotated[block]]
        similarity, near = _joint_fits(pred, true, area, sigmas)
        mirrored = true[:, flip_indices]
        partner_similarity, partner_near = _joint_fits(pred, mirrored, area, sigmas)
        labelled = true[..., 2] > 0
        counted = labelled & (pred[..., 2] > 0)
        count = np.maximum(labelled.sum(axis=1), 1)
        best = np.maximum(similarity, partner_similarity)
        fit[block] = (best * counted).sum(axis=1) / count
        closeness[block] = (np.maximum(near, partner_near) * counted).sum(axis=1) / count
    return fit, closeness


def _joint_fits(pred: np.ndarray, true: np.ndarray, area: np.ndarray, sigmas: np.ndarray):
    """Similarity and closeness (P, K) of joints with places, 0 where the place is not labelled."""
    labelled = true[..., 2] > 0
    similarity = keypoint_similarity(pred[..., :2], true[..., :2], area, sigmas)
    squared_distance = ((pred[..., :2] - true[..., :2]) ** 2).sum(axis=-1)
    closeness = area[:, None] / np.maximum(area[:, None] + squared_distance, np.spacing(1))
    return similarity * labelled, closeness * labelled
