"""Pictures of people, and what their options change."""

import numpy as np
import pytest

from adaanchor_d2.data.synthetic_people.image import SyntheticPeopleOptions, render_image
from adaanchor_d2.data.synthetic_people.pose import random_pose
from adaanchor_d2.errors import InputError


@pytest.fixture(scope="module")
def pictures():
    """150 pictures with their annotations."""
    return [render_image(np.random.default_rng((11, index))) for index in range(150)]


def test_annotations_are_consistent(pictures):
    people = [person for _, people in pictures for person in people]
    assert len(people) > 150
    for person in people:
        x, y, flag = np.array(person["keypoints"], float).reshape(17, 3).T
        assert person["num_keypoints"] == np.count_nonzero(flag)
        assert set(flag) <= {0, 1, 2}
        assert np.all((x[flag == 0] == 0) & (y[flag == 0] == 0))
        labelled = flag > 0
        assert np.all((x[labelled] >= -0.5) & (x[labelled] < 319.5))
        assert np.all((y[labelled] >= -0.5) & (y[labelled] < 239.5))
        left, top, width, height = person["bbox"]
        assert left >= 0 and top >= 0 and left + width <= 320 and top + height <= 240
        assert 0 < person["area"] <= width * height
        assert person["segmentation"]


def test_shares_of_flags_and_of_cut_off_people(pictures):
    people = [person for _, people in pictures for person in people]
    flags = np.array([person["keypoints"][2::3] for person in people])
    hidden = np.count_nonzero(flags == 1) / np.count_nonzero(flags)
    assert 0.18 < hidden < 0.32
    assert np.mean(flags == 2) > 0.5
    boxes = np.array([person["bbox"] for person in people])
    cut = (boxes[:, :2] <= 0).any(axis=1)
    cut |= (boxes[:, :2] + boxes[:, 2:] >= (320, 240)).any(axis=1)
    assert 0.12 < cut.mean() < 0.35
    counts = [len(people) for _, people in pictures]
    assert max(counts) == 4


def test_options_change_the_pictures():
    free = SyntheticPeopleOptions(1, 0.0, 0.0, 0.0, 0.0)
    hidden = SyntheticPeopleOptions(1, 0.0, 0.0, 1.0, 0.0)
    shares = []
    for options in (free, hidden):
        drawn = [render_image(np.random.default_rng(i), 320, 240, options)[1] for i in range(60)]
        assert max(map(len, drawn)) == 1
        flags = np.array([person["keypoints"][2::3] for people in drawn for person in people])
        shares.append(np.count_nonzero(flags == 1) / np.count_nonzero(flags))
    assert shares[1] > shares[0] + 0.05
    nobody = SyntheticPeopleOptions(empty_probability=1.0)
    assert render_image(np.random.default_rng(0), 320, 240, nobody)[1] == []


def test_a_cover_hides_the_trunk_and_leaves_the_rest():
    """COCO's points 5, 6, 11, 12 are shoulders and hips, 0 to 4 the face, 15 and 16 the ankles."""
    common = {"max_people": 1, "empty_probability": 0.0, "occluder_probability": 0.0}
    common |= {"truncation_probability": 0.0, "any_pose_probability": 0.0}
    hidden = []
    for probability in (0.0, 1.0):
        options = SyntheticPeopleOptions(**common, hidden_center_probability=probability)
        drawn = [render_image(np.random.default_rng(i), 320, 240, options)[1] for i in range(40)]
        flags = np.array([person["keypoints"][2::3] for people in drawn for person in people])
        hidden.append((flags == 1)[:, [11, 12, 0, 15, 16]].mean(axis=0))
    free, covered = hidden
    assert (covered[:2] > 0.8).all() and (covered[:2] > free[:2] + 0.5).all()
    assert (covered[2:] < 0.2).all()


@pytest.mark.parametrize("any_pose_probability, least, most", [(0.0, 0, 0), (1.0, 0.4, 0.8)])
def test_without_any_pose_people_stand_and_face_the_viewer(any_pose_probability, least, most):
    rng = np.random.default_rng(0)
    poses = [random_pose(rng, any_pose_probability) for _ in range(200)]
    turned = np.mean([abs(pose.root[1]) > 60 for pose in poses])
    seated = np.mean([pose.name != "stand" for pose in poses])
    assert 0.5 * least <= turned <= most and least <= seated <= most


def test_other_sizes():
    image, _ = render_image(np.random.default_rng(5), 700, 560)
    assert image.shape == (560, 700, 3) and image.dtype == np.uint8
    assert image.std() > 5


def test_wrong_options_are_named():
    with pytest.raises(InputError, match="occluder_probability must be between 0 and 1, not 1.5"):
        SyntheticPeopleOptions(occluder_probability=1.5)
    with pytest.raises(InputError, match="max_people must be 1 to 1000, not 0"):
        SyntheticPeopleOptions(max_people=0)
