"""Landmarks and pixels of a drawn head agree."""

import cv2
import numpy as np
import pytest

from adaanchor_d2.data.synthetic_drawing.canvas import Canvas
from adaanchor_d2.data.synthetic_drawing.polygons import ellipse
from adaanchor_d2.data.synthetic_faces.head import EAR, NECK, Head, face_code
from adaanchor_d2.data.synthetic_faces.skin_map import SkinMap
from adaanchor_d2.data.synthetic_faces.traits import Expression, Turn

from .faces import FLAT_LIGHT, make_head

BROWS, PUPILS = (35, 48), (96, 97)
EYE_CORNERS, MOUTH_CORNERS, LOWER_LIP = (60, 64, 68, 72), (76, 82), (85,)
FLAT = BROWS + PUPILS + EYE_CORNERS + MOUTH_CORNERS + LOWER_LIP


def picture_with_dots(head: Head, numbers) -> np.ndarray:
    """Draw a black head with a white dot painted on its skin at some landmarks."""
    skin_map = SkinMap(head.surface, head.span_px)
    skin = np.zeros((skin_map.height, skin_map.width, 3), np.uint8)
    for x, y in skin_map.places(head.landmarks.flat[list(numbers)]):
        cv2.fillPoly(skin, [ellipse(x, y, 2.5, 2.5)], (255, 255, 255), cv2.LINE_AA, 4)
    canvas = Canvas(256, 256)
    head.draw_skin(canvas, 0, FLAT_LIGHT, skin_map, skin, np.random.default_rng(0))
    image = canvas.image[..., 0].astype(float)
    image[np.isin(canvas.labels(), (face_code(0, EAR), face_code(0, NECK)))] = 0
    return image


def centroid(image: np.ndarray, around: np.ndarray, reach: int = 4) -> np.ndarray:
    """The middle of the light in a window, continuous pixel coordinates."""
    left, top = np.floor(around).astype(int) - reach
    window = image[top : top + 2 * reach + 1, left : left + 2 * reach + 1]
    rows, columns = np.mgrid[: window.shape[0], : window.shape[1]] + 0.5
    total = window.sum()
    assert total > 500
    return np.array(((window * columns).sum(), (window * rows).sum())) / total + (left, top)


@pytest.mark.parametrize("number", FLAT)
@pytest.mark.parametrize("turn", [Turn(), Turn(12, 20, 15), Turn(-12, -25, -20)])
def test_what_is_painted_at_a_landmark_is_seen_there(number, turn):
    head = make_head(turn, origin=(127.3, 118.8))
    place = head.keypoints()[number]
    seen = centroid(picture_with_dots(head, [number]), place)
    assert np.abs(seen - place).max() < 0.3


@pytest.mark.parametrize("number", [51, 52, 53, 57])
def test_the_same_on_the_nose_from_in_front(number):
    head = make_head(origin=(127.3, 118.8))
    place = head.keypoints()[number]
    assert np.abs(centroid(picture_with_dots(head, [number]), place) - place).max() < 0.3


def test_the_tolerance_would_notice_half_a_pixel():
    head = make_head()
    place = head.keypoints()[PUPILS[0]]
    seen = centroid(picture_with_dots(head, PUPILS[:1]), place)
    assert np.abs(seen - (place - 0.5)).max() > 0.3


@pytest.mark.parametrize("yaw", [0, 30, -45, 70])
def test_the_contour_of_the_far_side_follows_the_outline(yaw):
    head = make_head(Turn(0, yaw, 0))
    canvas = Canvas(256, 256)
    skin_map = SkinMap(head.surface, head.span_px)
    skin = np.full((skin_map.height, skin_map.width, 3), 255, np.uint8)
    head.draw_skin(canvas, 0, FLAT_LIGHT, skin_map, skin, np.random.default_rng(0))
    points = head.keypoints()
    far = range(19, 29) if yaw >= 0 else range(4, 14)
    outward = 1 if yaw >= 0 else -1
    hit = 0
    for x, y in points[list(far)]:
        row = np.flatnonzero(np.isin(canvas.labels()[int(y)], (1, 2)))
        edge = row[-1] + 1 if outward > 0 else row[0]
        hit += abs(edge - x) < 1.5
    assert hit >= (8 if abs(yaw) < 60 else 4)  # in profile nose and lips stick out beyond it


def test_pupils_follow_the_gaze_and_lids_the_closing_eye():
    ahead, aside = make_head(), make_head(expression=Expression(gaze=(1.0, 0.0)))
    moved = aside.keypoints()[list(PUPILS)] - ahead.keypoints()[list(PUPILS)]
    assert np.all(moved[:, 0] > 2) and np.all(np.abs(moved[:, 1]) < 0.5)
    closed = make_head(expression=Expression(closed=(1.0, 0.0))).keypoints()
    assert np.abs(closed[62] - closed[66]).max() < 0.5  # the lids of the left eye meet
    assert closed[74, 1] - closed[70, 1] > 5


def test_an_open_mouth_moves_lower_lip_and_chin():
    calm, wide = make_head().keypoints(), make_head(expression=Expression(1.0)).keypoints()
    assert wide[94, 1] - wide[90, 1] > 20 and calm[94, 1] - calm[90, 1] < 1
    assert wide[16, 1] - calm[16, 1] > 20
    assert np.abs(wide[:1] - calm[:1]).max() < 3  # beside the ear
    assert np.abs(wide[60:76] - calm[60:76]).max() < 0.05
