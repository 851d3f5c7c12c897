"""Faces for the tests."""

import numpy as np

from adaanchor_d2.data.synthetic_faces.head import Head, Light
from adaanchor_d2.data.synthetic_faces.look import random_look
from adaanchor_d2.data.synthetic_faces.traits import Expression, Proportions, Turn

FLAT_LIGHT = Light(np.array((0.0, 0.0, 1.0)), np.ones(3), np.zeros(3), 0.0)
AHEAD, CALM = Turn(), Expression()


def make_head(turn=AHEAD, expression=CALM, origin=(128.0, 118.0), span_px=60.0, **looks):
    """A calm average face without hair that looks at the viewer, unless told otherwise."""
    look = random_look(np.random.default_rng(0))
    plain = {"hair_style": "bald", "beard": 0.0, "make_up": None, "glasses": False}
    look = type(look)(**{**look.__dict__, **plain, **looks})
    return Head(Proportions(), expression, turn, look, span_px, np.array(origin))
