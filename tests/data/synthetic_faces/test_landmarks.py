"""WFLW's order and symmetry of the landmarks."""

import numpy as np

from adaanchor_d2.data.skeletons import get_skeleton

from .faces import make_head


def test_mirror_partners_mirror_each_other():
    points = make_head(origin=(128.0, 128.0)).keypoints()
    mirrored = points[list(get_skeleton("wflw").flip_indices)] * (-1, 1) + (256, 0)
    assert points.shape == (98, 2)
    assert np.abs(points - mirrored).max() < 1e-6


def test_an_eye_span_is_the_distance_of_the_outer_eye_corners():
    points = make_head(span_px=60.0).keypoints()
    assert abs(np.linalg.norm(points[60] - points[72]) - 60.0) < 4.0  # nearness adds a little


def test_order_of_the_parts():
    points = make_head().keypoints()
    x, y = points.T
    assert np.all(np.diff(x[:33]) > 0) or np.all(np.diff(x[4:29]) > 0)
    assert y[16] == y.max()
    assert x[33] < x[37] < x[42] < x[46]  # brows from left to right
    assert np.all(np.diff(y[51:55]) > 0) and np.all(np.diff(x[55:60]) > 0)
    assert x[60] < x[64] < x[68] < x[72]
    assert np.all(y[[61, 62, 63]] < y[[67, 66, 65]])  # upper lids above lower ones
    assert np.all(y[[69, 70, 71]] < y[[75, 74, 73]])
    assert x[76] == x[76:96].min() and x[82] == x[76:96].max()
    assert y[79] < y[90] <= y[94] < y[85]
    assert x[60] < x[96] < x[64] and x[68] < x[97] < x[72]


def test_names_are_where_the_skeleton_says():
    names = get_skeleton("wflw").names
    x = make_head().keypoints()[:, 0]
    for number, name in enumerate(names):
        side = -1 if name.startswith("left") else 1 if name.startswith("right") else 0
        assert np.sign(round(x[number] - 128, 6)) == side, name
