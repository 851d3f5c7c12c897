import numpy as np
import pytest

from adaanchor_d2.modeling.decoders import keep_best_poses, same_person


def slow_pose_nms(xy, quality, threshold, num_keypoints):
    """DEKR's rule, one pair and one keypoint at a time; the indices that are kept."""
    count = len(xy)
    groups = []
    for i in range(count):
        width, height = (max(xy[i, :, c]) - min(xy[i, :, c]) for c in (0, 1))
        limit = (threshold * (width**2 + height**2) ** 0.5) ** 2
        group = []
        for j in range(count):
            near = sum(((a - b) ** 2).sum() < limit for a, b in zip(xy[i], xy[j], strict=True))
            if near > num_keypoints or i == j:
                group.append(j)
        groups.append(group)
    settled, kept = [], []
    for i in range(count):
        if i in settled:
            continue
        best = groups[i][0]
        for j in groups[i]:
            if quality[j] > quality[best]:
                best = j
        if best in settled:
            continue
        kept.append(best)
        settled += groups[i]
    return kept


def make_poses(count, seed, num_keypoints=17):
    """Clusters of poses that differ by little, so that chains of the same person occur."""
    rng = np.random.default_rng(seed)
    people = rng.uniform(0, 300, (max(1, count // 4), 1, 2))
    people = people + rng.uniform(-40, 40, (len(people), num_keypoints, 2))
    xy = people[rng.integers(0, len(people), count)]
    xy = xy + rng.normal(scale=4, size=(count, 1, 2)) + rng.normal(scale=1.5, size=xy.shape)
    quality = np.round(rng.uniform(size=count), 1)  # ties
    return xy.astype(np.float32), quality.astype(np.float32)


@pytest.mark.parametrize("count", [0, 1, 30, 200])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_equals_the_slow_rule(count, seed):
    xy, quality = make_poses(count, seed)
    kept = keep_best_poses(same_person(xy, 0.05, 8), quality)
    assert kept.dtype == np.int64
    assert kept.tolist() == slow_pose_nms(xy.astype(np.float64), quality, 0.05, 8)
    if count >= 30:
        assert count // 8 < len(kept) < count


def poses_at(*shifts, width=100.0):
    """Upright rows of 17 keypoints, ``width`` long, moved sideways."""
    base = np.stack((np.linspace(0, width, 17), np.zeros(17)), axis=1)
    return np.stack([base + [0, shift] for shift in shifts]).astype(np.float32)


def test_the_best_of_a_group_stays():
    same = same_person(poses_at(0, 4.9, 200), 0.05, 8)
    assert same.tolist() == [[True, True, False], [True, True, False], [False, False, True]]
    assert keep_best_poses(same, np.array([0.1, 0.2, 0.3])).tolist() == [1, 2]
    assert keep_best_poses(same, np.array([0.2, 0.2, 0.2])).tolist() == [0, 2]  # tie: better centre
    assert not same_person(poses_at(0, 5.1), 0.05, 8)[0, 1]


def test_more_than_so_many_keypoints_must_be_near():
    xy = poses_at(0, 0)
    xy[1, 9:, 1] += 50
    assert not same_person(xy, 0.05, 9)[0, 1] and same_person(xy, 0.05, 8)[0, 1]
    assert not same_person(poses_at(0, 0), 0.05, 17)[0, 1]  # off


def test_the_first_ones_extent_counts():
    xy = poses_at(0, 4)
    xy[1, 0, 0] = -400
    same = same_person(xy, 0.01, 8)
    assert same[1, 0] and not same[0, 1]


def test_a_chain_is_visited_from_the_best_centre_down():
    """0 ~ 1 ~ 2: the group of 0 keeps 1; the best of 2's group is settled, so 2 is passed over."""
    same = same_person(poses_at(0, 4, 8), 0.05, 8)
    assert keep_best_poses(same, np.array([0.1, 0.9, 0.5])).tolist() == [1]
    assert keep_best_poses(same, np.array([0.9, 0.1, 0.5])).tolist() == [0, 2]


def test_a_pose_without_extent_is_itself():
    same = same_person(np.zeros((2, 17, 2)), 0.05, 8)
    assert same.tolist() == [[True, False], [False, True]]
