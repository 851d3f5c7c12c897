"""Backgrounds of the synthetic people: rooms, landscapes, streets and bare textures."""

import cv2
import numpy as np

from .canvas import Canvas
from .objects import draw_object
from .polygons import ellipse, polygon, rectangle
from .textures import Colour, crop, mixed, random_colour, scaled, texture_pool, tint


def draw_background(canvas: Canvas, rng: np.random.Generator, horizon: float) -> None:
    """Fill the canvas with a scene whose ground begins at or below the row ``horizon``."""
    kind = rng.random()
    if kind < 0.38:
        _draw_room(canvas, rng, horizon)
    elif kind < 0.64:
        _draw_landscape(canvas, rng, horizon)
    elif kind < 0.90:
        _draw_street(canvas, rng, horizon)
    else:
        _draw_texture(canvas, rng)
    for _ in range(int(rng.integers(0, 4))):
        base = rng.uniform(horizon + 0.05 * canvas.height, canvas.height)
        stature = 0.3 * canvas.height + (base - horizon) * rng.uniform(0.3, 0.8)
        draw_object(canvas, rng, rng.uniform(0, canvas.width), base, stature)


def _surface(
    canvas: Canvas, rng: np.random.Generator, top: int, bottom: int, dark: Colour, light: Colour
) -> None:
    """Cover the rows from ``top`` to ``bottom`` with a cloudy or grainy texture."""
    if bottom <= top:
        return
    noise = texture_pool().noise
    grey = crop(noise[int(rng.integers(len(noise)))], rng, bottom - top, canvas.width)
    canvas.image[top:bottom] = tint(grey, dark, light)


def _draw_texture(canvas: Canvas, rng: np.random.Generator) -> None:
    colour, other = random_colour(rng), random_colour(rng)
    _surface(canvas, rng, 0, canvas.height, colour, mixed(colour, other, rng.uniform(0.2, 1)))
    for _ in range(int(rng.integers(3, 14))):
        x, y = rng.random(2) * (canvas.width, canvas.height)
        a, b = rng.uniform(0.02, 0.2, 2) * canvas.height
        shape = ellipse(x, y, a, b) if rng.random() < 0.5 else rectangle(x, y, x + a, y + 2 * b)
        canvas.fill(shape, random_colour(rng))


def _floor(canvas: Canvas, rng: np.random.Generator, top: int) -> None:
    """Lay boards or tiles that run towards the vanishing point above the row ``top``."""
    colour = random_colour(rng, (0.05, 0.55), (0.25, 0.8), (0.03, 0.14))
    _surface(canvas, rng, top, canvas.height, scaled(colour, 0.75), scaled(colour, 1.1))
    joint = scaled(colour, 0.6)
    height, middle = canvas.height - top, canvas.width * rng.uniform(0.2, 0.8)
    if rng.random() < 0.6:
        for x in np.arange(-2.0, 3.0, rng.uniform(0.14, 0.3)):
            near, far = middle + x * canvas.width, middle + 0.35 * x * canvas.width
            canvas.line(polygon(np.array(((far, top), (near, canvas.height)))), joint)
    if rng.random() < 0.4:
        for depth in (0.08, 0.2, 0.37, 0.6, 0.9):
            y = top + depth * height
            canvas.line(polygon(np.array(((0, y), (canvas.width, y)))), joint)


def _draw_room(canvas: Canvas, rng: np.random.Generator, horizon: float) -> None:
    width, height = canvas.width, canvas.height
    base = int(min(0.85 * height, horizon + height * rng.uniform(0.15, 0.3)))
    wall = random_colour(rng, (0.0, 0.45), (0.35, 0.95))
    if rng.random() < 0.25:
        patterns = texture_pool().patterns
        pattern = patterns[int(rng.integers(len(patterns)))]
        repeats = (height // pattern.shape[0] + 1, width // pattern.shape[1] + 1)
        paper = np.tile(pattern, repeats)[:base, :width]
        canvas.image[:base] = tint(np.ascontiguousarray(paper), wall, scaled(wall, 0.85))
    else:
        _surface(canvas, rng, 0, base, scaled(wall, 0.85), wall)
    _floor(canvas, rng, base)
    canvas.fill(rectangle(0, base - 0.025 * height, width, base), scaled(wall, 0.7))
    x = rng.uniform(-0.1, 0.15) * width
    while x < width:
        span = rng.uniform(0.10, 0.30) * width
        _wall_item(canvas, rng, x, base, span)
        x += span + rng.uniform(0.04, 0.3) * width


def _wall_item(
    canvas: Canvas, rng: np.random.Generator, x: float, base: float, span: float
) -> None:
    """Draw a window, a picture, a door, a shelf or a cupboard on or before the wall."""
    height, kind = canvas.height, rng.random()
    frame = random_colour(rng, (0.0, 0.5), (0.15, 0.95))
    if kind < 0.25:  # window
        top, bottom = 0.05 * height, base - rng.uniform(0.12, 0.3) * height
        canvas.fill(rectangle(x, top, x + span, bottom), frame)
        pane = random_colour(rng, (0.1, 0.4), (0.75, 1.0), (0.5, 0.62))
        for left in (x + 0.06 * span, x + 0.53 * span):
            canvas.fill(rectangle(left, top + 4, left + 0.41 * span, bottom - 4), pane)
    elif kind < 0.5:  # picture
        top = rng.uniform(0.06, 0.25) * height
        bottom = top + span * rng.uniform(0.5, 1.2)
        canvas.fill(rectangle(x, top, x + span, bottom), frame)
        canvas.fill(rectangle(x + 3, top + 3, x + span - 3, bottom - 3), random_colour(rng))
        middle, size = (x + span / 2, (top + bottom) / 2), span * 0.22
        canvas.fill(ellipse(*middle, size, size * 0.8), random_colour(rng))
    elif kind < 0.62:  # door
        top = base - rng.uniform(0.5, 0.75) * height
        canvas.fill(rectangle(x, top, x + span, base), frame)
        canvas.fill(rectangle(x + 4, top + 4, x + span - 4, base), scaled(frame, 0.85))
        canvas.fill(ellipse(x + 0.85 * span, (top + base) / 2, 2, 2), (90, 190, 210))
    elif kind < 0.82:  # shelf with books
        top = base - rng.uniform(0.35, 0.65) * height
        canvas.fill(rectangle(x, top, x + span, base), scaled(frame, 0.6))
        colours = [random_colour(rng) for _ in range(6)]
        for y in np.arange(top + 0.04 * height, base - 8, 0.13 * height):
            for left in np.arange(x + 3, x + span - 8, 7.0):
                book = rectangle(left, y + rng.uniform(0, 6), left + 5.5, y + 0.095 * height)
                canvas.draw(book, colours[int(rng.integers(6))])
    else:  # cupboard or sofa
        top = base - rng.uniform(0.12, 0.3) * height
        low = base + 0.04 * height
        canvas.fill(rectangle(x, top, x + 1.3 * span, low), scaled(frame, 0.8))
        canvas.fill(rectangle(x, top, x + 1.3 * span, top + 0.03 * height), frame)
        canvas.fill(rectangle(x + 0.62 * span, top + 8, x + 0.66 * span, low), scaled(frame, 0.6))


def _draw_sky(canvas: Canvas, rng: np.random.Generator, bottom: int) -> None:
    upper = random_colour(rng, (0.15, 0.65), (0.6, 1.0), (0.53, 0.63))
    lower = mixed(upper, (235, 235, 240), rng.uniform(0.3, 0.9))
    column = np.array((upper, lower), np.float32)[:, None]
    sky = cv2.resize(column, (1, bottom), interpolation=cv2.INTER_LINEAR).astype(np.uint8)
    canvas.image[:bottom] = sky
    if rng.random() < 0.6:
        clouds = tint(
            crop(texture_pool().noise[0], rng, bottom, canvas.width), (0, 0, 0), (90,) * 3
        )
        canvas.image[:bottom] = cv2.add(canvas.image[:bottom], clouds)


def _draw_landscape(canvas: Canvas, rng: np.random.Generator, horizon: float) -> None:
    width, height, line = canvas.width, canvas.height, max(8, int(horizon))
    _draw_sky(canvas, rng, line)
    ground = random_colour(rng, (0.25, 0.65), (0.25, 0.75), (0.09, 0.36))
    for layer in range(int(rng.integers(0, 3))):
        x = np.linspace(0, width, 9)
        crest = line - (0.16 - 0.05 * layer) * height * rng.random(9)
        ridge = np.vstack((np.column_stack((x, crest)), ((width, line + 2), (0, line + 2))))
        canvas.fill(polygon(ridge), mixed(ground, (200, 170, 150), 0.6 - 0.25 * layer))
    _surface(canvas, rng, line, height, scaled(ground, 0.65), scaled(ground, 1.15))
    for _ in range(int(rng.integers(0, 5))):
        _draw_tree(canvas, rng, line)


def _draw_tree(canvas: Canvas, rng: np.random.Generator, line: float) -> None:
    height = canvas.height
    x, foot = rng.uniform(0, canvas.width), line + rng.uniform(0.0, 0.2) * height
    size = rng.uniform(0.25, 0.7) * height
    thick = 0.04 * size
    trunk = rectangle(x - thick, foot - 0.6 * size, x + thick, foot)
    canvas.fill(trunk, random_colour(rng, (0.3, 0.6), (0.15, 0.45), (0.03, 0.1)))
    leaves = random_colour(rng, (0.4, 0.8), (0.2, 0.6), (0.15, 0.4))
    for shade in (0.7, 0.7, 0.85, 0.85, 1.0, 1.15):
        dx, dy = rng.uniform(-0.2, 0.2, 2) * size
        blob = ellipse(x + dx, foot - 0.75 * size + dy, 0.17 * size, 0.14 * size)
        canvas.fill(blob, scaled(leaves, shade))


def _draw_street(canvas: Canvas, rng: np.random.Generator, horizon: float) -> None:
    width, height, line = canvas.width, canvas.height, max(8, int(horizon))
    base = min(int(0.85 * height), line + int(0.1 * height))
    _draw_sky(canvas, rng, base)
    x = rng.uniform(-0.2, 0.0) * width
    while x < width:
        span = rng.uniform(0.15, 0.4) * width
        top = rng.uniform(-0.2, 0.8) * line
        _draw_house(canvas, rng, x, top, x + span, base)
        x += span + (rng.uniform(0, 0.15) * width if rng.random() < 0.4 else 0)
    asphalt = random_colour(rng, (0.0, 0.15), (0.25, 0.65))
    _surface(canvas, rng, base, height, scaled(asphalt, 0.8), scaled(asphalt, 1.1))
    kerb = base + rng.uniform(0.05, 0.3) * (height - base)
    canvas.fill(rectangle(0, base, width, kerb), scaled(asphalt, 1.25))
    if rng.random() < 0.5:
        y = kerb + 0.4 * (height - kerb)
        for left in np.arange(rng.uniform(-40, 0), width, 60.0):
            stripe = ((left, y), (left + 30, y), (left + 26, y + 5), (left - 4, y + 5))
            canvas.fill(polygon(np.array(stripe)), (210, 225, 230))


def _draw_house(
    canvas: Canvas, rng: np.random.Generator, left: float, top: float, right: float, base: float
) -> None:
    wall = random_colour(rng, (0.05, 0.5), (0.3, 0.9))
    canvas.fill(rectangle(left, top, right, base), wall)
    glass = random_colour(rng, (0.05, 0.4), (0.15, 0.9), (0.1, 0.65))
    pitch_x, pitch_y = rng.uniform(14, 30), rng.uniform(18, 34)
    for x in np.arange(left + 6, right - 0.6 * pitch_x, pitch_x):
        for y in np.arange(max(top, -pitch_y) + 6, base - 0.8 * pitch_y, pitch_y):
            canvas.draw(rectangle(x, y, x + 0.55 * pitch_x, y + 0.6 * pitch_y), glass)
