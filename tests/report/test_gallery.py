"""Who is in the gallery, and that pictures and packed numbers give back what was put in."""

import base64

import cv2
import numpy as np
import pytest

from adaanchor_d2.errors import InputError
from adaanchor_d2.report.gallery import choose_people
from adaanchor_d2.report.thumbnails import LONGEST_SIDE_PX, make_thumbnail


def unpack(text, dtype):
    return np.frombuffer(base64.b64decode(text), dtype)


def test_half_of_those_chosen_are_the_worst_of_any_run():
    first, second = np.full((20, 2), 0.1), np.full((20, 2), 0.1)
    first[3], second[17, 1], first[:, 0] = 9.0, np.inf, np.nan
    chosen = choose_people([first, second], 4)
    assert {3, 17} <= set(chosen.tolist()) and len(set(chosen.tolist())) == 4
    assert chosen.tolist() == sorted(chosen)
    assert choose_people([first, second], 20).tolist() == list(range(20))


def test_the_page_gets_the_places_back(report):
    gallery = report.sets[0].gallery
    places = unpack(gallery["xy"], "<i2").reshape(-1, 17, 2) * gallery["unit"]
    v = unpack(gallery["v"], "u1").reshape(-1, 17)
    wrist = v[:, 9] > 0
    predicted = unpack(gallery["runs"][0]["xy"], "<i2").reshape(-1, 17, 2) * gallery["unit"]
    moved = (predicted - places)[wrist, 9, 0]
    np.testing.assert_allclose(moved, (1 + 0.2 * np.arange(len(v)))[wrist], atol=0.051)
    anchor = unpack(gallery["runs"][0]["anchor"], "<i2").reshape(-1, 17, 2) * gallery["unit"]
    np.testing.assert_allclose((predicted - anchor)[v > 0], 3.0, atol=0.051)
    score = unpack(gallery["runs"][0]["score"], "<u2").reshape(-1, 17) / 65_535
    written = np.linspace(0.3, 0.9, v.size).reshape(v.shape)
    np.testing.assert_allclose(score[v > 0], written[v > 0], atol=1e-5)
    assert gallery["runs"][1]["score"] is None and gallery["runs"][1]["anchor"] is None


def test_an_image_is_there_once_for_all_its_people(report):
    gallery = report.sets[0].gallery
    assert len(gallery["images"]) == 30 and gallery["count"] == 150
    assert gallery["image"] == [person // 5 for person in range(150)]
    assert report.page.read_text().count(gallery["images"][7]["jpeg"]) == 1


@pytest.mark.parametrize("side", [300, 1500])
def test_a_lit_patch_is_where_the_region_says(tmp_path, side):
    """Whatever was cut off and made smaller."""
    image = np.zeros((side, 2 * side, 3), np.uint8)
    x, y, r = round(1.3 * side), round(0.4 * side), side // 30
    image[y - r : y + r, x - r : x + r] = 255
    path = str(tmp_path / "image.png")
    cv2.imwrite(path, image)
    box = np.array([[1.2, 0.2, 1.5, 0.7]]) * side
    thumbnail = make_thumbnail(path, box)
    small = cv2.imdecode(np.frombuffer(base64.b64decode(thumbnail.jpeg), np.uint8), 0)
    assert max(small.shape) <= LONGEST_SIDE_PX and thumbnail.image_size == (2 * side, side)
    x1, y1, x2, y2 = thumbnail.region
    assert x1 <= box[0, 0] and y2 >= box[0, 3] and (x2 - x1) * (y2 - y1) < image.size / 3
    rows, columns = np.nonzero(small > 128)
    place = np.array([columns.mean() + 0.5, rows.mean() + 0.5])
    place = place / small.shape[::-1] * [x2 - x1, y2 - y1] + [x1, y1]
    np.testing.assert_allclose(place, [x, y], atol=side / 150)


def test_a_broken_image_is_named(tmp_path):
    path = tmp_path / "image.jpg"
    path.write_bytes(b"no image")
    with pytest.raises(InputError, match=str(path)):
        make_thumbnail(str(path), np.array([[0.0, 0, 9, 9]]))
