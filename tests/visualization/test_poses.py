import numpy as np

from adaanchor_d2.data.skeletons import Skeleton
from adaanchor_d2.visualization.poses import (
    ARROW_COLOR,
    LEFT_COLOR,
    RIGHT_COLOR,
    draw_annotation,
    draw_arrows,
    draw_box,
    draw_people,
    draw_pose,
)

PAIR = Skeleton.from_names("pair", ["left_a", "right_a"], [("left_a", "right_a")], [0.1, 0.1])
IMAGE = np.zeros((40, 60, 3), np.uint8)
POINTS = np.array([[10.5, 20.5], [40.5, 20.5]])


def test_keypoints_are_drawn_in_the_colour_of_their_side():
    picture = draw_pose(IMAGE, POINTS, PAIR, shown=np.array([True, True]))
    assert tuple(picture[20, 10]) == LEFT_COLOR and tuple(picture[20, 40]) == RIGHT_COLOR
    assert picture[20, 25].any()  # the edge between them
    assert not IMAGE.any()


def test_a_missing_end_has_no_edge():
    picture = draw_pose(IMAGE, POINTS, PAIR, shown=np.array([True, False]))
    assert picture[20, 10].any() and not picture[20, 20:].any()


def test_hidden_keypoints_are_rings():
    picture = draw_pose(
        IMAGE, POINTS, PAIR, shown=np.array([True, False]), hidden=np.array([True, False])
    )
    assert not picture[20, 10].any() and picture[20, 4:10].any()


def test_a_disc_is_centred_on_its_continuous_position():
    picture = draw_pose(IMAGE, POINTS + 0.25, PAIR, shown=np.array([True, False]))
    light = picture.sum(-1).astype(float)
    y, x = np.mgrid[:40, :60] + 0.5
    centre = (light * x).sum() / light.sum(), (light * y).sum() / light.sum()
    np.testing.assert_allclose(centre, POINTS[0] + 0.25, atol=0.1)


def test_points_far_outside_do_not_matter():
    far = np.array([[-500.0, 20.0], [1e4, 1e4]])
    draw_pose(IMAGE, far, PAIR, shown=np.array([True, True]))


def test_box():
    picture = draw_box(IMAGE, (10.5, 5.5, 30.5, 25.5))
    assert picture[5, 20].any() and picture[15, 10].any() and not picture[15, 20].any()
    assert not IMAGE.any()


def test_marks_of_a_small_person_are_small():
    image = np.zeros((900, 1000, 3), np.uint8)
    far_apart = np.array([[100.5, 200.5], [500.5, 200.5]])
    near = np.array([[100.5, 200.5], [160.5, 200.5]])
    both = np.array([True, True])
    heights = [
        np.count_nonzero(draw_pose(image, points, PAIR, shown=both)[:, 100].any(axis=-1))
        for points in (far_apart, near)
    ]
    assert heights[0] > 8 and heights[1] < 5
    boxes = [draw_box(image, (100.5, 50.5, 100.5 + side, 50.5 + side)) for side in (800, 40)]
    thick, thin = (np.count_nonzero(box[:, 120].any(axis=-1)) for box in boxes)
    assert thin < thick


PEOPLE = np.array([[[10.5, 20.5, 0.9], [40.5, 20.5, 0.1]]])


def test_people_are_drawn_above_the_threshold_only():
    shown = draw_people(IMAGE, PEOPLE, PAIR, threshold=0.5)
    expected = draw_pose(IMAGE, PEOPLE[0], PAIR, shown=np.array([True, False]))
    assert (shown == expected).all() and not IMAGE.any()
    assert not draw_people(IMAGE, PEOPLE, PAIR, threshold=0.95).any()
    assert not draw_people(IMAGE, PEOPLE[:0], PAIR, threshold=0.5).any()


def test_arrows_point_from_anchors_to_shown_keypoints():
    anchors = np.array([[[10.5, 35.5], [40.5, 35.5]]])
    shown = draw_people(IMAGE, PEOPLE, PAIR, threshold=0.5, anchors=anchors)
    assert np.abs(shown[35, 10] - np.array(ARROW_COLOR)).max() < 30  # the tail, softened
    assert shown[28, 10].any() and not shown[25:, 35:].any()
    boxed = draw_people(IMAGE, PEOPLE, PAIR, threshold=0.5, boxes=np.array([[2.5, 2.5, 58, 38]]))
    assert boxed[2, 30].any() and not shown[2, 30].any()


def test_an_arrow_of_no_length_is_a_dot():
    assert draw_arrows(IMAGE, POINTS[:1], POINTS[:1])[20, 10].any()


def test_annotations_show_hidden_keypoints_as_rings():
    person = {"bbox": [2, 2, 50, 30], "keypoints": [10.5, 20.5, 1, 40.5, 20.5, 0]}
    picture = draw_annotation(IMAGE, person, PAIR)
    assert not picture[20, 10].any() and picture[20, 4:10].any() and picture[2, 30].any()
    del person["keypoints"]
    assert not draw_annotation(IMAGE, person, PAIR)[20, 4:10].any()
