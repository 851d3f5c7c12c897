"""Which prediction is compared with which person."""

import numpy as np
from helpers.annotated_people import SHAPE

from adaanchor_d2.analysis.person_matching import match_poses
from adaanchor_d2.data.skeletons import get_skeleton

COCO = get_skeleton("coco")
SIGMAS, FLIP = np.array(COCO.sigmas), np.array(COCO.flip_indices)


def match(poses, people, scores=None):
    """Rows of the predictions for each person; all of them are in one image."""
    poses, people = np.asarray(poses, float), np.asarray(people, float)
    scores = np.ones(len(poses)) if scores is None else np.asarray(scores, float)
    ones = np.ones((len(poses), 17, 1))
    predicted = {
        "image_id": np.full(len(poses), 5),
        "keypoints": np.concatenate([poses, ones], axis=2),
        "score": scores,
    }
    annotated = {
        "image_id": np.full(len(people), 5),
        "keypoints": np.concatenate([people, np.full((len(people), 17, 1), 2)], axis=2),
        "area": np.full(len(people), 16_000.0),
    }
    return match_poses(predicted, annotated, SIGMAS, FLIP).tolist()


def test_the_higher_score_takes_the_person_and_the_other_is_a_duplicate():
    better, worse = SHAPE, SHAPE + 4
    assert match([better, worse], [SHAPE], scores=[0.2, 0.9]) == [1]


def test_of_equal_scores_the_better_fit_takes_the_person():
    assert match([SHAPE + 4, SHAPE], [SHAPE]) == [1]


def test_a_duplicate_does_not_take_a_neighbour_who_was_missed():
    assert match([SHAPE, SHAPE + 2], [SHAPE, SHAPE + [90, 0]]) == [0, -1]


def test_a_mirrored_pose_keeps_its_person_beside_a_neighbour():
    poses = [SHAPE[FLIP] + [60, 0], SHAPE[FLIP]]
    assert match(poses, [SHAPE, SHAPE + [60, 0]], scores=[0.9, 0.1]) == [1, 0]


def test_a_pose_in_the_wrong_place_keeps_its_person_and_one_far_away_has_none():
    size = np.sqrt(16_000)
    assert match([SHAPE + [0.8 * size, 0]], [SHAPE]) == [0]
    assert match([SHAPE + [3 * size, 0]], [SHAPE]) == [-1]


def test_poses_mixed_of_three_people_are_matched_so_that_most_is_explained():
    people = [SHAPE, SHAPE + [300, 0], SHAPE + [600, 0]]
    share = [[0, 0, 0, 0, 1, 2] * 3, [1, 1, 1, 2, 2, 0] * 3, [2, 2, 2, 0, 1, 1] * 3]
    poses = [np.stack([people[p][k] for k, p in enumerate(row[:17])]) for row in share]
    assert match(poses, people) == [0, 1, 2]


def test_people_of_other_images_are_nobody():
    keypoints = np.concatenate([SHAPE[None], np.ones((1, 17, 1))], axis=2)
    pose = {"image_id": np.array([1]), "keypoints": keypoints, "score": np.ones(1)}
    person = {"image_id": np.array([2]), "keypoints": keypoints, "area": np.full(1, 9e3)}
    assert match_poses(pose, person, SIGMAS, FLIP).tolist() == [-1]
