"""Which keypoints are visible, hidden or not labelled."""

import numpy as np
import pytest

from adaanchor_d2.data.synthetic_drawing.canvas import Canvas
from adaanchor_d2.data.synthetic_drawing.polygons import ellipse, polygon
from adaanchor_d2.data.synthetic_people.body import KEYPOINT_NAMES
from adaanchor_d2.data.synthetic_people.figure import random_figure
from adaanchor_d2.data.synthetic_people.image import _silhouette
from adaanchor_d2.data.synthetic_people.labels import annotate_coco
from adaanchor_d2.data.synthetic_people.parts import CODES_PER_PERSON, part_code
from adaanchor_d2.data.synthetic_people.visibility import keypoint_visibility, visibility_rules

from .people import flags_of, standing_person


@pytest.mark.parametrize("seed", range(6))
def test_a_visible_keypoint_lies_on_its_person(seed):
    rng = np.random.default_rng(seed)
    canvas = Canvas(320, 240)
    figures, silhouettes = [], []
    for index in range(5):
        figure = random_figure(rng, 130.0, 5.0, 0.0, any_pose_probability=1.0)
        figure.origin = rng.uniform((60, 80), (260, 160))
        first = canvas.num_layers
        figure.draw(canvas, index, rng)
        silhouettes.append(_silhouette(canvas, first, np.zeros(2), np.array((320, 240))))
        figures.append(figure)
    labels = canvas.labels()
    num_visible = 0
    for index, (figure, silhouette) in enumerate(zip(figures, silhouettes, strict=True)):
        person = annotate_coco(labels, index, figure, silhouette)
        if person is None:
            continue
        for x, y, flag in np.array(person["keypoints"], float).reshape(17, 3):
            if flag == 2:
                label = int(labels[int(y + 0.5), int(x + 0.5)])
                assert 0 <= label - part_code(index, 0) < CODES_PER_PERSON
                num_visible += 1
    assert num_visible > 20


def test_an_occluder_turns_visible_into_hidden():
    figure = standing_person()
    before, _ = flags_of(figure)
    assert before["left_knee"] == 2
    x, y = figure.keypoints()[KEYPOINT_NAMES.index("left_knee")]
    after, _ = flags_of(figure, ellipse(x, y, 8, 8))
    assert after["left_knee"] == 1
    assert {name for name in before if before[name] != after[name]} == {"left_knee"}


def test_a_person_that_is_nearly_covered_has_no_labelled_keypoints():
    figure = standing_person()
    _, alone = flags_of(figure)
    sheet = polygon(np.array(((0, 0), (320, 0), (320, 190), (0, 190))))
    _, covered = flags_of(figure, sheet)
    assert alone["num_keypoints"] == 17
    assert covered["num_keypoints"] == 0 and set(covered["keypoints"]) == {0}
    assert covered["bbox"] == alone["bbox"]
    assert 0 < covered["area"] < 0.12 * alone["area"]


def test_a_hidden_keypoint_far_from_all_visible_ones_is_not_labelled():
    labels = np.zeros((40, 40), np.uint16)
    points = np.full((17, 2), 20.5)
    points[KEYPOINT_NAMES.index("left_ankle")] = (5.5, 5.5)
    labels[4:8, 4:8] = 1
    own = np.zeros((17, CODES_PER_PERSON), bool)
    own[:, 0] = True
    flags = keypoint_visibility(labels, points, 0, own, visibility_rules("coco").near_enough)
    named = dict(zip(KEYPOINT_NAMES, flags.tolist(), strict=True))
    assert named["left_ankle"] == 2
    assert named["left_knee"] == named["left_hip"] == 1
    assert named["nose"] == named["right_ankle"] == 0


def test_a_keypoint_outside_the_picture_is_not_labelled():
    figure = standing_person()
    figure.origin = np.array((160.0, 190.0))
    flags, person = flags_of(figure)
    assert flags["left_ankle"] == flags["right_ankle"] == 0
    assert flags["left_shoulder"] == flags["right_shoulder"] == 2
    assert person["bbox"][1] + person["bbox"][3] == 240


@pytest.mark.parametrize(("yaw", "left_is_right_of_right"), [(0, True), (180, False)])
def test_left_and_right_from_the_front_and_from_behind(yaw, left_is_right_of_right):
    figure = standing_person(yaw)
    x = dict(zip(KEYPOINT_NAMES, figure.keypoints()[:, 0].tolist(), strict=True))
    for joint in ("eye", "ear", "shoulder", "elbow", "wrist", "hip", "knee", "ankle"):
        assert (x[f"left_{joint}"] > x[f"right_{joint}"]) is left_is_right_of_right


def test_the_face_is_hidden_from_behind():
    front, _ = flags_of(standing_person(0))
    back, _ = flags_of(standing_person(180))
    assert {front[name] for name in ("nose", "left_eye", "right_eye")} == {2}
    assert {back[name] for name in ("nose", "left_eye", "right_eye")} == {1}
    assert {back[name] for name in ("left_shoulder", "right_shoulder", "left_knee")} == {2}


def test_the_far_side_is_hidden_in_profile():
    flags, _ = flags_of(standing_person(90, arm_swing=60))  # the right side is the near one
    assert flags["right_shoulder"] == flags["right_elbow"] == flags["right_hip"] == 2
    assert flags["left_shoulder"] == flags["left_elbow"] == flags["left_hip"] == 1
    assert flags["right_ear"] == 2 and flags["left_ear"] == 1
