"""Grouping by tags, against a plain reference with every assignment tried."""

import itertools
import math

import numpy as np
import pytest

from adaanchor_d2.modeling.decoders import COCO_JOINT_ORDER, fill_missing, group_by_tags


def best_pairs(keypoints, people, tag_threshold):
    """Pairs (keypoint, person) of the cheapest assignment, by trying all; pairs too far dropped.

    keypoints: (tag, score); people: mean tags.
    """

    def cost(keypoint, person):
        distance = math.dist(keypoint[0], person)
        if distance >= tag_threshold:
            return 100 * (math.ceil(tag_threshold) + 1)
        return 100 * round(distance) + distance**2 / 1000 - keypoint[1]

    few = min(len(keypoints), len(people))
    best = (math.inf, [])
    for chosen in itertools.permutations(range(len(people)), few):
        for served in itertools.combinations(range(len(keypoints)), few):
            pairs = list(zip(served, chosen, strict=True))
            total = sum(cost(keypoints[k], people[p]) for k, p in pairs)
            best = min(best, (total, pairs))
    return [(k, p) for k, p in best[1] if math.dist(keypoints[k][0], people[p]) < tag_threshold]


def plain_grouping(score, tags, valid, order, tag_threshold, detection_threshold, max_people):
    people = []  # dicts {type: slot}
    for kind in order:
        slots = [
            slot
            for slot in range(score.shape[1])
            if valid[kind, slot] and score[kind, slot] >= detection_threshold
        ]
        means = [np.mean([tags[k, s] for k, s in person.items()], axis=0) for person in people]
        keypoints = [(tags[kind, slot], score[kind, slot]) for slot in slots]
        matched = dict(best_pairs(keypoints, means, tag_threshold))
        for number, slot in enumerate(slots):
            if number in matched:
                people[matched[number]][kind] = slot
            else:
                people.append({kind: slot})
    people.sort(key=lambda person: -sum(score[k, s] for k, s in person.items()))
    return [sorted(person.items()) for person in people[:max_people]]


def as_items(people):
    return [[(kind, slot) for kind, slot in enumerate(row) if slot >= 0] for row in people.tolist()]


def random_case(seed, types=3, slots=4, tag_size=1):
    rng = np.random.default_rng(seed)
    return {
        "xy": rng.uniform(0, 512, (types, slots, 2)),
        "score": rng.uniform(0, 1, (types, slots)),
        "tags": rng.uniform(0, 3, (types, slots, tag_size)),
        "valid": rng.uniform(size=(types, slots)) < 0.8,
    }


@pytest.mark.parametrize("tag_size", [1, 2])
@pytest.mark.parametrize("seed", range(25))
def test_equals_the_plain_reference(seed, tag_size):
    case = random_case(seed, tag_size=tag_size)
    order = [2, 0, 1]
    found = group_by_tags(**case, joint_order=order, max_people=5, detection_threshold=0.3)
    expected = plain_grouping(
        case["score"], case["tags"], case["valid"], order, 1.0, 0.3, max_people=5
    )
    assert as_items(found) == expected


def made_people(seed, num_people, missing=0.3, types=17, slots=30):
    """A case with tags around each person's number, slots shuffled, and the true people."""
    rng = np.random.default_rng(seed)
    case = {
        "xy": rng.uniform(0, 512, (types, slots, 2)),
        "score": rng.uniform(0.2, 1, (types, slots)),
        "tags": rng.uniform(-50, 0, (types, slots, 1)),
        "valid": np.zeros((types, slots), dtype=bool),
    }
    truth = np.full((num_people, types), -1)
    for kind in range(types):
        for person, slot in enumerate(rng.permutation(slots)[:num_people]):
            if kind == person % types or rng.uniform() >= missing:
                truth[person, kind] = slot
                case["valid"][kind, slot] = True
                case["tags"][kind, slot] = 2 * person + rng.uniform(-0.2, 0.2)
    return case, truth


def as_set(people):
    return {tuple(row) for row in people.tolist()}


@pytest.mark.parametrize("num_people", [1, 10, 30])
@pytest.mark.parametrize("order", [None, COCO_JOINT_ORDER])
def test_recovers_people_with_missing_joints(num_people, order):
    case, truth = made_people(num_people, num_people)
    found = group_by_tags(**case, joint_order=order)
    assert as_set(found) == as_set(truth) and len(found) == num_people


def shuffle(case, seed):
    """The case with the slots of each type in another order, and the old slot of each new one."""
    rng = np.random.default_rng(seed)
    types, slots = case["score"].shape
    order = np.stack([rng.permutation(slots) for _ in range(types)])
    rows = np.arange(types)[:, None]
    return {name: values[rows, order] for name, values in case.items()}, order


@pytest.mark.parametrize("seed", range(10))
def test_the_order_of_the_input_does_not_matter(seed):
    """Not even with equal scores and tags that round to the same distance."""
    case = random_case(seed, types=6, slots=8)
    case["score"] = case["score"].round(1)
    case["tags"] = (case["tags"] * 4).round() / 4
    found = group_by_tags(**case)
    shuffled, order = shuffle(case, seed + 100)
    again = group_by_tags(**shuffled)
    old_slot = np.where(again >= 0, order[np.arange(6), again.clip(min=0)], -1)
    assert old_slot.tolist() == found.tolist()


def test_equal_rounded_distances_go_to_the_nearer_tag():
    """Tags 0 and 0.4, then 0.15 and 0.3: all distances round to 0."""
    case = {
        "xy": np.zeros((2, 2, 2)),
        "score": np.full((2, 2), 0.5),
        "tags": np.array([[[0.0], [0.4]], [[0.3], [0.15]]]),
        "valid": np.ones((2, 2), dtype=bool),
    }
    assert as_set(group_by_tags(**case)) == {(0, 1), (1, 0)}


def test_a_keypoint_of_nobody_does_not_spoil_a_match():
    """Tags 0 and 9; keypoints 0.9 and -8: the sum of all distances would pair -8 with 0."""
    case = {
        "xy": np.zeros((2, 2, 2)),
        "score": np.full((2, 2), 0.5),
        "tags": np.array([[[0.0], [9.0]], [[0.9], [-8.0]]]),
        "valid": np.ones((2, 2), dtype=bool),
    }
    assert as_set(group_by_tags(**case)) == {(0, 0), (1, -1), (-1, 1)}


def test_at_most_so_many_people_the_best():
    """Thirty of 45: those with the most score, wherever in the order of types they come."""
    rng = np.random.default_rng(0)
    score = rng.uniform(0.2, 1, (3, 15))
    tags = np.arange(45.0).reshape(3, 15, 1) * 2
    found = group_by_tags(np.zeros((3, 15, 2)), score, tags, np.ones((3, 15), dtype=bool))
    assert len(found) == 30
    taken = [score[kind, slot] for kind, slot in itertools.chain(*as_items(found))]
    assert taken == sorted(score.ravel(), reverse=True)[:30]


@pytest.mark.parametrize("case", ["nothing valid", "nothing above the threshold", "no slots"])
def test_nobody(case):
    made = random_case(0, slots=0 if case == "no slots" else 5)
    if case == "nothing valid":
        made["valid"][:] = False
    threshold = 1.1 if case == "nothing above the threshold" else 0.1
    found = group_by_tags(**made, detection_threshold=threshold)
    assert found.shape == (0, made["score"].shape[0]) and found.dtype == np.int64


@pytest.mark.parametrize("seed", range(5))
def test_filling_equals_plain_loops(seed):
    rng = np.random.default_rng(seed)
    case, _ = made_people(seed, 3, missing=0.5, types=5, slots=4)
    people = group_by_tags(**case)
    score = rng.uniform(-0.1, 1, (5, 12))
    score[2] = 0.0
    tags = rng.uniform(-1, 5, (5, 12, 1))
    filled = fill_missing(people, case["tags"], score, tags)
    assert (filled >= 0).any() and (filled[:, 2] == -1).all()
    for person, row in enumerate(people):
        mean = np.mean([case["tags"][kind, slot] for kind, slot in enumerate(row) if slot >= 0])
        for kind, slot in enumerate(row):
            value = [score[kind, c] - round(abs(mean - tags[kind, c, 0])) for c in range(12)]
            best = int(np.argmax(value))
            expected = best if slot < 0 and score[kind, best] > 0 else -1
            assert filled[person, kind] == expected


def test_filling_nobody():
    filled = fill_missing(
        np.zeros((0, 3), dtype=np.int64), np.zeros((3, 2, 1)), np.ones((3, 4)), np.ones((3, 4, 1))
    )
    assert filled.shape == (0, 3)


def test_the_published_order_has_every_type_once():
    assert sorted(COCO_JOINT_ORDER) == list(range(len(COCO_JOINT_ORDER)))
