"""What hides parts of a face because it is worn: sunglasses, masks, scarves; and plain glasses."""

import cv2
import numpy as np

from ..synthetic_drawing.canvas import Canvas
from ..synthetic_drawing.objects import fill_textured
from ..synthetic_drawing.polygons import UNIT_CIRCLE, polygon
from ..synthetic_drawing.textures import Colour, mixed, random_colour, scaled
from .head import Head

_CORNERS = np.sign(UNIT_CIRCLE) * np.abs(UNIT_CIRCLE) ** 0.6  # between a circle and a square


def _before_eyes(head: Head, flat: np.ndarray) -> np.ndarray:
    """Return pixels (N, 2) of places x, y (N, 2) on the bent plane of a pair of glasses."""
    depth = 1.12 - 0.45 * flat[:, :1] ** 2
    return head.to_picture(head.to_camera(np.hstack((flat, depth))))


def _lenses(head: Head, half_width: float, half_height: float) -> list[np.ndarray]:
    right = _CORNERS * (half_width, half_height) + (head.shape.eye_x, -0.01)
    return [_before_eyes(head, right * (-1, 1)), _before_eyes(head, right)]


def _temples(canvas: Canvas, head: Head, colour: Colour, half: float) -> None:
    """Draw the bars to the ears on the sides that are turned to the viewer."""
    for side in (-1.0, 1.0):
        if side * head.rotation[2, 0] < -0.10:
            continue
        ends = np.array(((0.70, 0.04, 0.86), (0.80, 0.02, 0.05))) * (side, 1, 1)
        bar = np.concatenate((ends + (0, half, 0), (ends - (0, half, 0))[::-1]))
        canvas.fill(polygon(head.to_picture(head.to_camera(bar))), colour)


def draw_glasses(canvas: Canvas, head: Head, rng: np.random.Generator) -> None:
    """Draw frames that hide nothing but thin lines."""
    colour = random_colour(rng, (0.0, 0.5), (0.05, 0.4))
    outlines = _lenses(head, rng.uniform(0.21, 0.26), rng.uniform(0.12, 0.19))
    for outline in outlines:
        canvas.line(polygon(outline), colour, closed=True)
    bridge = np.array(((-0.12, 0.03), (0, 0.055), (0.12, 0.03)))
    canvas.line(polygon(_before_eyes(head, bridge)), colour)
    for side in (-1.0, 1.0):
        if side * head.rotation[2, 0] > -0.10:
            bar = np.array(((0.60, 0.05, 0.95), (0.80, 0.03, 0.05))) * (side, 1, 1)
            canvas.line(polygon(head.to_picture(head.to_camera(bar))), colour)


def draw_sunglasses(canvas: Canvas, head: Head, rng: np.random.Generator) -> None:
    """Draw dark glasses."""
    colour = random_colour(rng, (0.0, 0.6), (0.03, 0.25))
    _temples(canvas, head, scaled(colour, 0.7), 0.045)
    half_height = rng.uniform(0.15, 0.23)
    for outline in _lenses(head, rng.uniform(0.25, 0.29), half_height):
        canvas.fill(polygon(outline), scaled(colour, 0.6))
        middle = outline.mean(axis=0)
        canvas.draw(polygon(middle + 0.86 * (outline - middle)), colour)
        shine = middle + (outline - middle) * (0.25, 0.4) - 0.3 * head.span_px * half_height
        canvas.draw(polygon(shine), mixed(colour, (200, 190, 180), 0.35))
    bridge = np.array(((-0.13, 0.07), (0.13, 0.07), (0.13, 0.03), (-0.13, 0.03)))
    canvas.fill(polygon(_before_eyes(head, bridge)), scaled(colour, 0.6))


def draw_mask(canvas: Canvas, head: Head, rng: np.random.Generator) -> None:
    """Draw a mask or a scarf over the lower face."""
    scarf = rng.random() < 0.5
    top = rng.uniform(-0.55, -0.28) if scarf else rng.uniform(-0.42, -0.25)
    side = rng.uniform(0.0, 0.25)
    angles = np.linspace(-88, 88, 15)
    upper = top - side * (np.abs(angles) / 88) ** 2
    lowest = float(head.surface.heights[0])
    points = [head.surface.points_at(angles, upper)]
    points += [head.surface.points_at(angles, np.full(15, y)) for y in np.linspace(top, lowest, 5)]
    if scarf:
        points.append(points[-2] * (1.25, 1, 1) - (0, 0.45, 0.15))
    places = [head.to_picture(head.to_camera(row * (1.06, 1, 1.04))) for row in points]
    outline = cv2.convexHull(polygon(np.concatenate(places)))[:, 0]
    if scarf:
        colour = random_colour(rng, (0.1, 0.9), (0.15, 0.9))
        fill_textured(canvas, rng, outline, colour)
    else:
        colour = random_colour(rng, (0.0, 0.35), (0.6, 0.98), (0.45, 0.62))
        canvas.fill(outline, colour)
    for row in places[2:-1]:
        canvas.line(polygon(row[2:-2]), scaled(colour, 0.8))
