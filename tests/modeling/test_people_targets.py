import pytest
import torch

from adaanchor_d2.modeling.anchors import Assignment
from adaanchor_d2.modeling.meta_arch.people_targets import PeopleTargets

STRIDE = 4


def person(*keypoints):
    """(3, 3) of x, y in stride units, v."""
    return torch.tensor([[STRIDE * x, STRIDE * y, v] for x, y, v in keypoints])


TALL = person((2.0, 1.0, 2), (4.0, 9.0, 1), (0.0, 0.0, 0))
SMALL = person((5.0, 5.0, 2), (6.0, 5.0, 2), (7.0, 8.0, 2))
CUT = person((9.0, 3.0, 2), (11.0, 5.0, 1), (0.0, 0.0, 0))


def test_centers_are_the_means_of_labelled_keypoints():
    people = PeopleTargets.of([torch.stack([TALL, CUT]), torch.zeros(0, 3, 3), SMALL[None]], STRIDE)
    centers = people.centers()
    assert centers.xy.tolist() == [[3, 5], [10, 4], [6, 6]]  # the second is outside of 10 x 10
    assert centers.image_index.tolist() == [0, 0, 2] and centers.person_index.tolist() == [0, 1, 0]
    assert centers.type_index.tolist() == [0, 0, 0]
    keypoints = people.keypoints()
    assert keypoints.xy.tolist() == [[2, 1], [4, 9], [9, 3], [11, 5], [5, 5], [6, 5], [7, 8]]
    assert keypoints.type_index.tolist() == [0, 1, 0, 1, 0, 1, 2]


def assign(*anchors):
    index = torch.tensor(anchors)
    return Assignment(index, torch.ones_like(index, dtype=torch.float32))


def test_poses_are_supervised_at_the_anchors():
    people = PeopleTargets.of([TALL[None], torch.stack([SMALL, CUT])], STRIDE)
    assignment = assign([33, 34], [55, -1], [49, 39])
    found = people.pose_supervision(assignment, (10, 10), 0.0, 0.5)
    pairs = list(zip(found.image_index.tolist(), found.anchor_index.tolist(), strict=True))
    assert sorted(pairs) == [(0, 33), (0, 34), (1, 39), (1, 49), (1, 55)]
    by_pair = {pair: number for number, pair in enumerate(pairs)}
    tall, cut = by_pair[0, 34], by_pair[1, 39]
    assert found.target[tall, :2].tolist() == [[2 - 4.5, 1 - 3.5], [4 - 4.5, 9 - 3.5]]
    assert found.target[cut, 1].tolist() == [11 - 9.5, 5 - 3.5]  # outside the map
    assert (found.weight[tall] > 0).tolist() == [True, True, False]
    assert found.weight[tall, 0] == pytest.approx((2**2 + 8**2) ** -0.5)


def test_the_square_around_an_anchor_ends_at_the_border():
    people = PeopleTargets.of([TALL[None]], STRIDE)
    found = people.pose_supervision(assign([11]), (10, 12), 2.0, 0.5)
    rows, columns = found.anchor_index // 12, found.anchor_index % 12
    assert sorted(set(rows.tolist())) == [0, 1, 2]
    assert sorted(set(columns.tolist())) == [9, 10, 11] and len(found.anchor_index) == 9
    assert found.target[0, 0].tolist() == [2 - 9.5, 1 - 0.5]


@pytest.mark.parametrize("order", [[TALL, SMALL], [SMALL, TALL]], ids=["tall-first", "small-first"])
def test_a_candidate_of_two_people_goes_to_the_smaller(order):
    people = PeopleTargets.of([torch.stack(order)], STRIDE)
    found = people.pose_supervision(assign([44], [45]), (10, 10), 1.0, 0.5)
    assert len(found.anchor_index) == len(found.anchor_index.unique()) == 12
    small = next(i for i, one in enumerate(order) if one is SMALL)
    own = 44 + small + torch.tensor([-11, -10, -9, -1, 0, 1, 9, 10, 11])
    of_small = found.weight[:, 0] > 0.2
    assert sorted(found.anchor_index[of_small].tolist()) == sorted(own.tolist())


def test_equal_people_share_nothing():
    people = PeopleTargets.of([torch.stack([SMALL, SMALL])], STRIDE)
    found = people.pose_supervision(assign([44], [44]), (10, 10), 0.0, 0.5)
    assert found.anchor_index.tolist() == [44]


def test_nobody():
    people = PeopleTargets.of([torch.zeros(0, 3, 3)] * 2, STRIDE)
    found = people.pose_supervision(_empty(), (10, 10), 4.0, 0.5)
    assert len(people.centers()) == len(people.keypoints()) == len(found.anchor_index) == 0
    assert found.target.shape == (0, 3, 2)


def _empty():
    return Assignment(torch.zeros(0, 20).long(), torch.zeros(0, 20))
