"""What comes between a face and the camera: hands and things."""

import cv2
import numpy as np

from ..synthetic_drawing.canvas import Canvas
from ..synthetic_drawing.objects import hanging_thing
from ..synthetic_drawing.polygons import discs, ellipse, polygon
from ..synthetic_drawing.textures import Colour, random_colour, scaled
from .head import Head
from .wear import draw_mask, draw_sunglasses

# Finger roots and lengths in eye spans, on a hand that points up and whose palm is at (0, 0).
_FINGERS = ((-0.36, 0.30, 0.58), (-0.12, 0.36, 0.72), (0.12, 0.36, 0.70), (0.35, 0.28, 0.52))
_THUMB = ((0.40, -0.25), (0.78, 0.22))


def draw_face_occluder(canvas: Canvas, head: Head, rng: np.random.Generator) -> None:
    """Draw something that hides a part of a face."""
    kind = rng.random()
    if kind < 0.30:
        draw_sunglasses(canvas, head, rng)
    elif kind < 0.50:
        draw_mask(canvas, head, rng)
    elif kind < 0.75:
        _draw_hand(canvas, head, rng)
    elif kind < 0.87:
        _draw_microphone(canvas, head, rng)
    else:
        x, y = _target(head, rng).tolist()
        hanging_thing(rng)(canvas, rng, x, y, head.span_px * rng.uniform(0.35, 0.7))


def _target(head: Head, rng: np.random.Generator) -> np.ndarray:
    """Return (2,) pixels of a random landmark."""
    points = head.keypoints()
    return points[int(rng.integers(len(points)))]


def _capsule(canvas: Canvas, ends: np.ndarray, radii: tuple[float, float], colour: Colour) -> None:
    """Draw a rounded rod between two places (2, 2) in pixels, lighter along its middle."""
    for grow, tone in ((1.0, 0.72), (0.80, 0.92), (0.45, 1.0)):
        points = discs(ends, np.array(radii) * grow).reshape(-1, 2)
        canvas.fill(cv2.convexHull(points)[:, 0], scaled(colour, tone))


def _draw_hand(canvas: Canvas, head: Head, rng: np.random.Generator) -> None:
    """Draw a hand with its forearm that comes from below or from a side."""
    angle = rng.normal(0, 0.6)
    turn = np.array(((np.cos(angle), np.sin(angle)), (-np.sin(angle), np.cos(angle))))
    size, mirror = head.span_px * rng.uniform(0.85, 1.1), rng.choice((-1.0, 1.0))
    skin = scaled(head.look.skin, rng.uniform(0.8, 0.95))
    place = _target(head, rng) + (0.0, 0.35 * size)

    def at(points: list[tuple[float, float]]) -> np.ndarray:
        return np.array(points) * (mirror, -1) @ turn.T * size + place

    arm = at([(0, -0.9), (0, -4.0)])
    _capsule(canvas, arm, (0.30 * size, 0.42 * size), random_colour(rng, (0, 0.8), (0.1, 0.9)))
    _capsule(canvas, at([(0, -0.25), (0, -1.0)]), (0.36 * size, 0.26 * size), skin)
    palm = discs(
        at([(-0.33, 0.22), (0.33, 0.20), (0.26, -0.42), (-0.26, -0.42)]), np.full(4, 0.16 * size)
    )
    canvas.fill(cv2.convexHull(palm.reshape(-1, 2))[:, 0], scaled(skin, 0.9))
    bent = rng.uniform(0.5, 1.0)
    for x, root, length in _FINGERS:
        ends = at([(x, root - 0.2), (1.25 * x, root + length * bent)])
        _capsule(canvas, ends, (0.115 * size, 0.09 * size), skin)
    _capsule(canvas, at(list(_THUMB)), (0.15 * size, 0.10 * size), skin)


def _draw_microphone(canvas: Canvas, head: Head, rng: np.random.Generator) -> None:
    size, lean = head.span_px, rng.uniform(-0.7, 0.7)
    mouth = head.keypoints()[84:87].mean(axis=0) + rng.normal(0, 0.12, 2) * size
    metal = random_colour(rng, (0, 0.2), (0.1, 0.5))
    _capsule(
        canvas, np.array((mouth, mouth + (lean * size, 2.2 * size))), (0.16 * size,) * 2, metal
    )
    for grow, tone in ((1.0, 0.7), (0.8, 1.1), (0.35, 1.6)):
        shift = 0.1 * (1 - grow) * size
        ball = ellipse(*(mouth - shift), 0.28 * grow * size, 0.28 * grow * size)
        canvas.fill(ball, scaled(metal, tone))
    canvas.line(polygon(mouth + np.array(((-0.28, 0.06), (0.28, 0.06))) * size), scaled(metal, 0.5))
