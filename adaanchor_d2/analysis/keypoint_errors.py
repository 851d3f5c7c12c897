"""What went wrong with a keypoint: Ronchi and Perona, "Benchmarking and Error Diagnosis in
Multi-Instance Pose Estimation" (ICCV 2017), for any skeleton with sigmas.

A joint could belong to its own place, to its mirror partner's, or to one of these two of another
annotated person of the image. At its own place it is good from a keypoint similarity of 0.85,
jitter from 0.5. Below that the place with the greatest similarity gives the name, if that is 0.5:
inversion at the partner's, swap at another person's; else the joint is a miss.

Places can be so near that a joint is at several. In their code the greatest similarity always
decides, so that much jitter between two close joints counts as inversion. Here a joint that is
within 0.5 of its own place has another name only where it is nearer to another one and all but
there (0.95). Another person's places are judged at the smaller scale of the two people.
"""

import numpy as np

from ..evaluation.image_predictions import Table
from ..evaluation.matching import pairs_within_groups
from ..evaluation.metrics import keypoint_similarity

# The last two are not theirs: a person matched without this joint, and a person not matched.
ERROR_KINDS = ("good", "jitter", "inversion", "swap", "miss", "not located", "person not found")
GOOD, JITTER, INVERSION, SWAP, MISS, NOT_LOCATED, NOT_FOUND = range(len(ERROR_KINDS))
MIN_SIMILARITY = 0.5
GOOD_SIMILARITY = 0.85
CONVINCING_SIMILARITY = 0.95


def diagnose(
    people: Table, gt: Table, match: np.ndarray, sigmas: np.ndarray, flip_indices: np.ndarray
) -> np.ndarray:
    """Name the error of every keypoint of the annotated people.

    Args:
        people, gt, sigmas, flip_indices: as for ``person_matching.match_poses``.
        match: (G,) what that returns.

    Returns:
        (G, K) index of :data:`ERROR_KINDS`; without meaning where the joint is not labelled.
    """
    found = np.flatnonzero(match >= 0)
    pred = people["keypoints"][match[found]]
    own, partner = _place_similarities(
        pred, gt["keypoints"][found], gt["area"][found], sigmas, flip_indices
    )
    others = np.zeros_like(own)
    row, other = pairs_within_groups(gt["image_id"][found], gt["image_id"])
    row, other = row[other != found[row]], other[other != found[row]]
    area = np.minimum(gt["area"][other], gt["area"][found[row]])
    similarities = _place_similarities(
        pred[row], gt["keypoints"][other], area, sigmas, flip_indices
    )
    np.maximum.at(others, row, np.maximum(*similarities))
    errors = np.full(gt["keypoints"].shape[:2], NOT_FOUND)
    errors[found] = _name_errors(own, partner, others)
    errors[found] = np.where(pred[..., 2] > 0, errors[found], NOT_LOCATED)
    return errors


def _place_similarities(pred, true, area: np.ndarray, sigmas, flip_indices) -> list[np.ndarray]:
    """Similarity (P, K) with people's own joints, and with the mirror partners of the joints that
    have one; 0 where that is not labelled.
    """
    has_partner = flip_indices != np.arange(len(flip_indices))
    return [
        keypoint_similarity(pred[..., :2], places[..., :2], area, sigmas)
        * (places[..., 2] > 0)
        * exists
        for places, exists in ((true, True), (true[:, flip_indices], has_partner))
    ]


def _name_errors(own: np.ndarray, partner: np.ndarray, others: np.ndarray) -> np.ndarray:
    elsewhere = np.maximum(partner, others)
    names = np.where(partner >= others, INVERSION, SWAP)
    at_home = own >= np.where(elsewhere >= CONVINCING_SIMILARITY, elsewhere, MIN_SIMILARITY)
    names = np.where(at_home, np.where(own >= GOOD_SIMILARITY, GOOD, JITTER), names)
    return np.where(np.maximum(own, elsewhere) >= MIN_SIMILARITY, names, MISS)
