import numpy as np
import pytest

from adaanchor_d2.data.affine import CropRegion
from adaanchor_d2.data.augmentation import PersonAugmentation
from adaanchor_d2.data.skeletons import get_skeleton

REGION = CropRegion(100.0, 100.0, 75.0, 100.0)
KEYPOINTS = np.concatenate(
    [np.random.default_rng(1).uniform(60, 140, (17, 2)), np.full((17, 1), 2)], axis=1
)


def make(**changes) -> PersonAugmentation:
    args = {
        "skeleton": get_skeleton("coco"),
        "flip_prob": 0.0,
        "scale_factor": 0.0,
        "rotation_factor": 0.0,
        "rotation_prob": 0.0,
        "half_body_prob": 0.0,
        "half_body_min_keypoints": 8,
    }
    return PersonAugmentation(**(args | changes))


def draw(augmentation, count=3000, keypoints=KEYPOINTS):
    rng = np.random.default_rng(0)
    return [augmentation(REGION, keypoints, rng) for _ in range(count)]


def test_all_off_changes_nothing():
    assert set(draw(make(), 20)) == {(REGION, 0.0, False)}


def test_scale_is_a_clipped_normal():
    factors = np.array([plan.region.width / 75 for plan in draw(make(scale_factor=0.3))])
    assert factors.min() == pytest.approx(0.7) and factors.max() == pytest.approx(1.3)
    # One standard deviation is the limit: 15.9 % of the draws lie at each end.
    assert np.isclose(factors, 0.7).mean() == pytest.approx(0.159, abs=0.025)
    assert factors.mean() == pytest.approx(1, abs=0.02)
    assert all(p.region.height == pytest.approx(p.region.width / 0.75) for p in draw(make(), 5))


def test_rotation_is_a_clipped_normal_in_six_of_ten():
    angles = np.array([p.rotation for p in draw(make(rotation_factor=40, rotation_prob=0.6))])
    assert (angles != 0).mean() == pytest.approx(0.6, abs=0.03)
    assert angles.max() == 80 and angles.min() == -80
    assert angles[angles != 0].std() == pytest.approx(38.4, abs=2)


def test_flip_probability():
    assert np.mean([p.flip for p in draw(make(flip_prob=0.5))]) == pytest.approx(0.5, abs=0.03)
    assert all(p.flip for p in draw(make(flip_prob=1.0), 50))


def test_half_body_takes_the_upper_half_more_often():
    plans = draw(make(half_body_prob=1.0))
    upper = KEYPOINTS[:11, :2]
    centers = np.array([plan.region[:2] for plan in plans])
    is_upper = np.isclose(centers, upper.mean(0)).all(1)
    assert is_upper.mean() == pytest.approx(0.69, abs=0.03)
    np.testing.assert_allclose(
        centers[~is_upper], np.tile(KEYPOINTS[11:, :2].mean(0), (sum(~is_upper), 1))
    )
    region = plans[int(np.argmax(is_upper))].region
    width, height = np.ptp(upper, axis=0)
    assert region.width == pytest.approx(1.5 * max(width, height * 0.75))


def test_half_body_falls_back():
    few = KEYPOINTS.copy()
    few[7:, 2] = 0
    assert {p.region for p in draw(make(half_body_prob=1.0), 20, few)} == {REGION}
    only_upper = KEYPOINTS.copy()
    only_upper[11:, 2] = 0
    regions = {p.region for p in draw(make(half_body_prob=1.0), 20, only_upper)}
    assert len(regions) == 1 and REGION not in regions
    on_one_spot = KEYPOINTS * [0, 0, 1]
    assert {p.region for p in draw(make(half_body_prob=1.0), 20, on_one_spot)} == {REGION}
