"""Hair as the picture shows it."""

import numpy as np
import pytest

from adaanchor_d2.data.synthetic_drawing.canvas import Canvas
from adaanchor_d2.data.synthetic_faces.head import face_code
from adaanchor_d2.data.synthetic_faces.traits import Turn

from .faces import FLAT_LIGHT, make_head

LOWEST = face_code(0, 0)


@pytest.mark.parametrize("hair_style", ["short", "long", "fringe", "receding"])
def test_no_background_shows_between_hair_and_temple(hair_style):
    for yaw in (-25, -8, 16, 30):
        head = make_head(Turn(0, yaw, 0), hair_style=hair_style, hair_volume=0.1)
        canvas = Canvas(256, 256)
        head.draw(canvas, 0, FLAT_LIGHT, np.random.default_rng(0))
        brow = int(head.keypoints()[33:51, 1].min())
        for row in canvas.labels()[brow - 30 : brow]:
            drawn = np.flatnonzero(row >= LOWEST)
            assert len(drawn) == drawn[-1] - drawn[0] + 1
