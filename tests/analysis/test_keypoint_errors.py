"""Names of errors against slow loops and by hand."""

import numpy as np

from adaanchor_d2.analysis.keypoint_errors import (
    ERROR_KINDS,
    GOOD,
    INVERSION,
    JITTER,
    MISS,
    NOT_FOUND,
    NOT_LOCATED,
    SWAP,
    diagnose,
)

SIGMAS = np.array([0.1, 0.05, 0.05])
FLIP = np.array([0, 2, 1])  # a middle, a left and a right
AREA = 10_000.0


def slow_names(pred, true, area, person):
    """Of each of a person's three joints: all places compared one by one."""
    names = []
    for k in range(3):
        places = {}
        for other in range(len(true)):
            for at in {k, FLIP[k]}:
                if true[other, at, 2] == 0:
                    continue
                scale = min(area[person], area[other])
                d2 = ((pred[k, :2] - true[other, at, :2]) ** 2).sum()
                kind = "swap" if other != person else "own" if at == k else "inversion"
                similarity = np.exp(-d2 / (2 * scale * (2 * SIGMAS[k]) ** 2))
                places[kind] = max(places.get(kind, 0), similarity)
        own = places.pop("own", 0)
        best = max(places, key=places.get, default=None)
        elsewhere = places.get(best, 0)
        if own >= 0.5 and not (elsewhere >= 0.95 and elsewhere > own):
            names.append("good" if own >= 0.85 else "jitter")
        else:
            names.append(best if max(own, elsewhere) >= 0.5 else "miss")
    return names


def make_tables(rng, num_people=6):
    true = np.concatenate(
        [rng.uniform(0, 90, (num_people, 3, 2)), rng.choice([0, 1, 2], (num_people, 3, 1))], axis=2
    )
    pred = np.concatenate([rng.uniform(0, 90, (num_people, 3, 2)), np.ones((num_people, 3, 1))], 2)
    gt = {
        "image_id": np.repeat([4, 9], num_people // 2),
        "keypoints": true,
        "area": rng.uniform(2e3, AREA, num_people),
    }
    return {"keypoints": pred}, gt


def test_names_equal_slow_loops():
    seen = set()
    for seed in range(60):
        people, gt = make_tables(np.random.default_rng(seed))
        errors = diagnose(people, gt, np.arange(6), SIGMAS, FLIP)
        for start in (0, 3):
            rows = slice(start, start + 3)
            for person in range(3):
                names = slow_names(
                    people["keypoints"][start + person],
                    gt["keypoints"][rows],
                    gt["area"][rows],
                    person,
                )
                for k in np.flatnonzero(gt["keypoints"][start + person, :, 2]):
                    assert ERROR_KINDS[errors[start + person, k]] == names[k]
                    seen.add(names[k])
    assert seen == {"good", "jitter", "inversion", "swap", "miss"}


def one_person(pred_xy, score=1.0):
    """Errors of the three joints of somebody at (0, 0), (50, 0), (-50, 0)."""
    true = np.array([[[0, 0, 2], [50, 0, 2], [-50, 0, 2]]], float)
    pred = np.column_stack([np.array(pred_xy, float), np.broadcast_to(score, 3)])[None]
    gt = {"image_id": np.array([1]), "keypoints": true, "area": np.array([AREA])}
    return diagnose({"keypoints": pred}, gt, np.array([0]), SIGMAS, FLIP)[0].tolist()


def test_names_by_hand():
    # The left and right joints' similarity at d is exp(-d^2 / 200).
    assert one_person([(0, 0), (50, 0), (-50, 0)]) == [GOOD] * 3
    assert one_person([(0, 0), (-50, 0), (50, 0)]) == [GOOD, INVERSION, INVERSION]
    assert one_person([(0, 0), (58, 0), (-50, 9)]) == [GOOD, JITTER, JITTER]
    assert one_person([(90, 0), (62, 0), (-50, 5)]) == [MISS, MISS, GOOD]
    assert one_person([(0, 0), (50, 0), (-50, 0)], [1, 0, 1]) == [GOOD, NOT_LOCATED, GOOD]


def test_the_joint_of_another_person_is_a_swap_and_nobody_found_is_said():
    people, gt = make_tables(np.random.default_rng(0), num_people=4)
    gt["image_id"][:] = 1
    gt["keypoints"][..., 2] = 2
    gt["keypoints"][..., :2] = 1000 * np.arange(12 * 2).reshape(4, 3, 2)
    people["keypoints"][..., :2] = gt["keypoints"][..., :2]
    people["keypoints"][0, 1, :2] = gt["keypoints"][3, 1, :2]
    people["keypoints"][0, 2, :2] = gt["keypoints"][2, 1, :2]  # left for right, of another
    errors = diagnose(people, gt, np.array([0, 1, 2, -1]), SIGMAS, FLIP)
    assert errors.tolist() == [[GOOD, SWAP, SWAP], [GOOD] * 3, [GOOD] * 3, [NOT_FOUND] * 3]
