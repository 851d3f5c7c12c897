import numpy as np

from adaanchor_d2.data.synthetic_drawing.canvas import Canvas
from adaanchor_d2.data.synthetic_drawing.polygons import ellipse, places, polygon


def test_polygons_keep_the_half_pixel_rule():
    points = np.array(((10.5, 20.5), (3.25, 7.75)))
    assert np.array_equal(places(polygon(points)), points)
    canvas = Canvas(32, 32)
    canvas.fill(ellipse(10.5, 20.5, 0.1, 0.1), (255.0, 255.0, 255.0), code=5)
    assert np.argwhere(canvas.labels()).tolist() == [[20, 10]]
