"""Associative Embedding: keypoints whose tags agree belong to one person.

The rule is that of Newell et al. (2017) in the form of HigherHRNet (2020): type by type, the
keypoints of a type are matched to the people found so far by optimal assignment, at the cost
``100 round(d) - score`` with d the distance from the keypoint's tag to the mean tag of the person;
whoever finds no person with d below the threshold starts one. Different on purpose:

* pairs beyond the threshold all cost the same, so that they cannot spoil a pair that counts;
* what the rounding leaves equal is decided by d squared, not by the order of the input (sums of
  plain distances between numbers are often equal);
* people are limited at the end, to those with the highest sum of scores, not to the first found.

K keypoint types, M candidates of a type, D numbers in a tag, N people.
"""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

# The published order for COCO's types: face, shoulders, hips, then the limbs. MMPose takes the
# types of every other skeleton as they are numbered.
COCO_JOINT_ORDER = (0, 1, 2, 3, 4, 5, 6, 11, 12, 7, 8, 9, 10, 13, 14, 15, 16)


def group_by_tags(
    xy: np.ndarray,
    score: np.ndarray,
    tags: np.ndarray,
    valid: np.ndarray,
    *,
    joint_order: Sequence[int] | None = None,
    tag_threshold: float = 1.0,
    detection_threshold: float = 0.1,
    max_people: int = 30,
) -> np.ndarray:
    """Group the keypoints of one image; the result does not depend on the order within a type.

    Args:
        xy: (K, M, 2), any unit; settles the order of equal scores.
        score, valid: (K, M), the latter bool.
        tags: (K, M, D).
        joint_order: the order in which types are taken; as numbered when None.
        tag_threshold: a keypoint joins a person when its tag is nearer than this.
        detection_threshold: keypoints with a lower score are left out. HigherHRNet's code has 0.2,
            its COCO configs 0.1.
        max_people: at most so many people are returned.

    Returns:
        (N, K) int64 index into M, -1 where the person lacks the type; highest sum of scores first.
    """
    num_types, num_slots = score.shape
    usable = valid & (score >= detection_threshold)
    in_order = np.lexsort((xy[..., 1], xy[..., 0], -score))
    people = np.full((num_types * num_slots, num_types), -1)
    tag_sum = np.zeros((len(people), tags.shape[2]))
    located = np.zeros((len(people), 1), dtype=np.int64)
    score_sum = np.zeros(len(people))
    num_people = 0
    for kind in range(num_types) if joint_order is None else joint_order:
        found = in_order[kind][usable[kind, in_order[kind]]]
        if len(found) == 0:
            continue
        mean_tag = tag_sum[:num_people] / located[:num_people]
        distance = _distance(tags[kind, found], mean_tag)
        person = _match(distance, score[kind, found], tag_threshold)
        starts = person < 0
        person[starts] = num_people + np.arange(starts.sum())
        num_people += int(starts.sum())
        people[person, kind] = found
        tag_sum[person] += tags[kind, found]
        located[person] += 1
        score_sum[person] += score[kind, found]
    best = np.argsort(-score_sum[:num_people], kind="stable")[:max_people]
    return people[best]


def fill_missing(
    people: np.ndarray,
    tags: np.ndarray,
    candidate_score: np.ndarray,
    candidate_tags: np.ndarray,
) -> np.ndarray:
    """HigherHRNet's refinement: give every person the types that it lacks.

    A missing keypoint is put at the candidate with the largest ``score - round(d)``, however far
    its tag is, unless its score is 0. It finds joints below the threshold, and invents others.

    Args:
        people: (N, K), from ``group_by_tags`` with ``tags`` (K, M, D); each has a keypoint.
        candidate_score: (K, C), of all candidates of the maps, C = H W.
        candidate_tags: (K, C, D), read at the same candidates.

    Returns:
        (N, K) int64 index into C; -1 where nothing was missing or nothing was found.
    """
    num_types = people.shape[1]
    has = people >= 0
    own = tags[np.arange(num_types), people.clip(min=0)]
    mean_tag = np.where(has[..., None], own, 0.0).sum(axis=1) / has.sum(axis=1)[:, None]
    filled = np.full(people.shape, -1)
    for kind in range(num_types):
        missing = np.flatnonzero(~has[:, kind])
        if len(missing) == 0:
            continue
        distance = _distance(mean_tag[missing], candidate_tags[kind])
        best = (candidate_score[kind] - np.round(distance)).argmax(axis=1)
        filled[missing, kind] = np.where(candidate_score[kind, best] > 0, best, -1)
    return filled


def _distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(len(a), len(b)) Euclidean distances of tags (., D)."""
    return np.sqrt(np.square(a[:, None] - b[None]).sum(axis=2))


def _match(distance: np.ndarray, score: np.ndarray, tag_threshold: float) -> np.ndarray:
    """(F,) person of each of F keypoints, -1 for none, from distances (F, N)."""
    near = distance < tag_threshold
    cost = 100.0 * np.round(distance) + 1e-3 * np.square(distance) - score[:, None]
    cost = np.where(near, cost, 100.0 * (np.ceil(tag_threshold) + 1))
    keypoint, person = linear_sum_assignment(cost)
    counts = near[keypoint, person]
    match = np.full(len(distance), -1)
    match[keypoint[counts]] = person[counts]
    return match
