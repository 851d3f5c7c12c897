"""Things that stand, lie and hang around in the synthetic pictures, behind and before people.

Each ``_draw_*`` function has the signature (canvas, rng, x, base, size): ``x`` the middle and
``base`` the row on which the thing stands, ``size`` its extent, all in pixels.
"""

from collections.abc import Callable

import cv2
import numpy as np

from .canvas import NOBODY, Canvas, Cloth
from .polygons import ellipse, polygon, rectangle
from .textures import Colour, random_colour, scaled, texture_pool


def draw_object(
    canvas: Canvas, rng: np.random.Generator, x: float, base: float, stature: float
) -> None:
    """Draw a random standing thing next to which a person would be ``stature`` pixels tall."""
    draw = _STANDING[int(rng.integers(len(_STANDING)))]
    canvas.shadow(x, base, 0.26 * stature, 0.05 * stature, 0.5)
    draw(canvas, rng, x, base, stature * rng.uniform(0.28, 0.55))


def draw_occluder(
    canvas: Canvas,
    rng: np.random.Generator,
    target: np.ndarray,
    base: float,
    stature: float,
) -> None:
    """Draw something in front of a person.

    Args:
        canvas: what is drawn on.
        rng: the source of chance.
        target: (2,) a place on the person that will probably be hidden.
        base: the row of the person's feet.
        stature: the person's, in pixels.
    """
    x, y = target.tolist()
    x += rng.normal(0, 0.05) * stature
    height = base - y
    if 0.1 * stature < height < 0.62 * stature and rng.random() < 0.7:
        draw = _STANDING[int(rng.integers(len(_STANDING)))]
        above = rng.uniform(0.05, 0.14) * stature
        size = min(height + above, 0.45 * canvas.height)
        draw(canvas, rng, x, y - above + size + 0.03 * stature, size)
    elif rng.random() < 0.25:
        _draw_pole(canvas, rng, x, base + 0.05 * stature, stature * 1.5)
    else:
        hanging_thing(rng)(canvas, rng, x, y, stature * rng.uniform(0.10, 0.22))


def draw_cover(
    canvas: Canvas, rng: np.random.Generator, center: np.ndarray, stature: float
) -> None:
    """Draw something that covers a person around ``center`` (2,), about as large as the trunk."""
    x, y = (center + rng.normal(0, 0.02, 2) * stature).tolist()
    hanging_thing(rng)(canvas, rng, x, y, stature * rng.uniform(0.25, 0.34))


def hanging_thing(rng: np.random.Generator) -> "_Draw":
    """Return the function (canvas, rng, x, y, size) that draws a random thing around (x, y)."""
    return _HANGING[int(rng.integers(len(_HANGING)))]


def solid_thing(rng: np.random.Generator) -> "_Draw":
    """Return the function (canvas, rng, x, y, size) that draws a random thing around (x, y).

    It has no holes and (x, y) is inside, so the larger one of two that are drawn with equal chance
    hides all that the smaller one hides.
    """
    return _SOLID[int(rng.integers(len(_SOLID)))]


def draw_seat(
    canvas: Canvas, rng: np.random.Generator, x: float, seat: float, base: float, width: float
) -> None:
    """Draw a stool or a chair from row ``seat`` down to ``base``, to sit on."""
    colour = random_colour(rng, (0.1, 0.8), (0.15, 0.8))
    if rng.random() < 0.5:
        back = rectangle(x - width, seat - 1.6 * width, x + width, seat)
        canvas.fill(back, scaled(colour, 0.8))
    if rng.random() < 0.5:
        for side in (-0.85, 0.7):
            canvas.fill(rectangle(x + side * width, seat, x + (side + 0.15) * width, base), colour)
    else:
        canvas.fill(rectangle(x - width, seat, x + width, base), scaled(colour, 0.7))
    canvas.fill(rectangle(x - width, seat - 0.1 * width, x + width, seat + 0.15 * width), colour)


def fill_textured(
    canvas: Canvas, rng: np.random.Generator, area: np.ndarray, colour: Colour
) -> None:
    """Cover a convex polygon with a pattern in shades of a colour."""
    pattern = int(rng.integers(-3, 4)) % len(texture_pool().patterns)
    left, top, width, height = cv2.boundingRect(area)
    wide, columns = 32 / width, 0.6 * width / 16
    centre = 2 * (left + 8) / width + 1
    cloth = Cloth(scaled(colour, 0.75), colour, pattern, 1.0, 50.0, 0.25, 0.1)
    across, along = np.array([[wide, 0.0, -centre]]), np.array([[0.0, 0.6, 0.0]])
    size, light = np.array([columns]), np.zeros(1)
    layer = canvas.new_cloth_layers(across, along, size, light, [cloth], [NOBODY])
    canvas.cover(area, layer)


def _draw_crate(
    canvas: Canvas, rng: np.random.Generator, x: float, base: float, size: float
) -> None:
    colour = random_colour(rng, (0.1, 0.75), (0.25, 0.9))
    half, depth = size * rng.uniform(0.35, 0.75), 0.22 * size
    top = base - size + depth
    skew = rng.uniform(-0.5, 0.5) * depth
    lid = ((x - half, top), (x + half, top), (x + half * 0.9 + skew, top - depth))
    lid += ((x - half * 0.9 + skew, top - depth),)
    fill_textured(canvas, rng, rectangle(x - half, top, x + half, base), scaled(colour, 0.8))
    canvas.fill(polygon(np.array(lid)), scaled(colour, 1.15))
    if rng.random() < 0.5:
        middle = top + 0.5 * (base - top)
        band = rectangle(x - half, middle - 0.05 * size, x + half, middle + 0.05 * size)
        canvas.fill(band, scaled(colour, 0.5))


def _draw_table(
    canvas: Canvas, rng: np.random.Generator, x: float, base: float, size: float
) -> None:
    colour = random_colour(rng, (0.2, 0.7), (0.2, 0.85), (0.02, 0.14))
    half, depth = size * rng.uniform(0.8, 1.5), 0.2 * size
    top = base - size
    far = ((x - 0.85 * half, top), (x + 0.85 * half, top))
    near = ((x + half, top + depth), (x - half, top + depth))
    for leg in (-0.92, 0.84):
        post = rectangle(x + leg * half, top + depth, x + (leg + 0.08) * half, base)
        canvas.fill(post, scaled(colour, 0.6))
    if rng.random() < 0.4:
        front = rectangle(x - 0.92 * half, top + depth, x + 0.92 * half, base - 0.25 * size)
        fill_textured(canvas, rng, front, scaled(colour, 0.75))
    canvas.fill(polygon(np.array(far + near)), colour)
    edge = rectangle(x - half, top + depth, x + half, top + depth + 0.07 * size)
    canvas.fill(edge, scaled(colour, 0.7))


def _draw_plant(
    canvas: Canvas, rng: np.random.Generator, x: float, base: float, size: float
) -> None:
    pot = random_colour(rng, (0.3, 0.8), (0.3, 0.8), (0.0, 0.12))
    w, h = 0.2 * size, 0.35 * size
    corners = ((x - w, base - h), (x + w, base - h), (x + 0.7 * w, base), (x - 0.7 * w, base))
    canvas.fill(polygon(np.array(corners)), pot)
    leaf = random_colour(rng, (0.4, 0.9), (0.25, 0.7), (0.2, 0.42))
    for angle in rng.uniform(-1.35, 1.35, 11):
        reach = size * rng.uniform(0.5, 0.85)
        direction = np.array((np.sin(angle), -np.cos(angle)))
        across = np.array((direction[1], -direction[0])) * 0.11 * reach
        foot = np.array((x, base - h))
        tip, belly = foot + reach * direction, foot + 0.55 * reach * direction
        blade = np.stack((foot, belly + across, tip, belly - across))
        canvas.fill(polygon(blade), scaled(leaf, rng.uniform(0.65, 1.2)))


def _draw_bin(canvas: Canvas, rng: np.random.Generator, x: float, base: float, size: float) -> None:
    colour = random_colour(rng, (0.0, 0.8), (0.2, 0.8))
    half = 0.3 * size
    for left, right, shade in ((-1, 1, 0.65), (-0.75, 0.8, 0.85), (-0.5, 0.35, 1.0)):
        strip = rectangle(x + left * half, base - size, x + right * half, base)
        canvas.fill(strip, scaled(colour, shade))
    canvas.fill(ellipse(x, base - size, half, 0.1 * size), scaled(colour, 1.3))


def _draw_ball(
    canvas: Canvas, rng: np.random.Generator, x: float, base: float, size: float
) -> None:
    colour, radius = random_colour(rng, (0.2, 0.9), (0.4, 0.95)), 0.4 * size
    y = base - radius
    for grow, shade in ((1.0, 0.55), (0.86, 0.8), (0.6, 1.0), (0.2, 1.35)):
        shift = 0.3 * (1 - grow) * radius
        canvas.fill(
            ellipse(x - shift, y - shift, grow * radius, grow * radius), scaled(colour, shade)
        )


def _draw_pole(
    canvas: Canvas, rng: np.random.Generator, x: float, base: float, size: float
) -> None:
    colour, half = random_colour(rng, (0.0, 0.5), (0.15, 0.8)), rng.uniform(0.015, 0.04) * size
    for left, right, shade in ((-1, 1, 0.6), (-0.6, 0.7, 0.9), (-0.3, 0.2, 1.2)):
        post = rectangle(x + left * half, base - size, x + right * half, base)
        canvas.fill(post, scaled(colour, shade))


def _draw_disc(canvas: Canvas, rng: np.random.Generator, x: float, y: float, size: float) -> None:
    _draw_ball(canvas, rng, x, y + size, 2 * size)


def _draw_board(canvas: Canvas, rng: np.random.Generator, x: float, y: float, size: float) -> None:
    wide, high = size * rng.uniform(0.7, 1.5), size * rng.uniform(0.6, 1.1)
    angle = rng.normal(0, 0.2)
    turn = np.array(((np.cos(angle), np.sin(angle)), (-np.sin(angle), np.cos(angle))))
    corners = np.array(((-wide, -high), (wide, -high), (wide, high), (-wide, high)))
    colour = random_colour(rng, (0.0, 0.8), (0.3, 1.0))
    fill_textured(canvas, rng, polygon(corners @ turn + (x, y)), colour)
    canvas.fill(polygon(0.8 * corners @ turn + (x, y)), scaled(colour, 1.2))
    for row in (-0.4, 0.0, 0.4):
        text = np.array(((-0.6 * wide, row * high), (rng.uniform(0.1, 0.6) * wide, row * high)))
        canvas.line(polygon(text @ turn + (x, y)), scaled(colour, 0.35))


def _draw_branch(canvas: Canvas, rng: np.random.Generator, x: float, y: float, size: float) -> None:
    leaf = random_colour(rng, (0.4, 0.9), (0.2, 0.7), (0.15, 0.42))
    for _ in range(9):
        dx, dy = rng.uniform(-0.8, 0.8, 2) * size
        shade = rng.uniform(0.6, 1.2)
        canvas.fill(ellipse(x + dx, y + dy, 0.36 * size, 0.24 * size), scaled(leaf, shade))


def _draw_middle_crate(
    canvas: Canvas, rng: np.random.Generator, x: float, y: float, size: float
) -> None:
    _draw_crate(canvas, rng, x, y + size, 2 * size)


def _draw_middle_bin(
    canvas: Canvas, rng: np.random.Generator, x: float, y: float, size: float
) -> None:
    _draw_bin(canvas, rng, x, y + size, 2 * size)


_Draw = Callable[[Canvas, np.random.Generator, float, float, float], None]
_STANDING: tuple[_Draw, ...] = (_draw_crate, _draw_table, _draw_plant, _draw_bin, _draw_ball)
_HANGING: tuple[_Draw, ...] = (_draw_disc, _draw_board, _draw_branch)
_SOLID: tuple[_Draw, ...] = (_draw_disc, _draw_board, _draw_middle_crate, _draw_middle_bin)
