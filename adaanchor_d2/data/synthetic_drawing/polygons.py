"""Polygons as OpenCV draws them: int32 arrays (..., N, 2) in sixteenths of a pixel.

They are made of places, continuous pixel coordinates (x, y) with the centre of column c at c + 0.5;
as OpenCV's drawing puts pixel centres at whole numbers, half a pixel is taken away here.
"""

import numpy as np

SHIFT = 4  # what OpenCV calls the number of fractional bits
_UNITS = 1 << SHIFT
_ANGLES = np.linspace(0, 2 * np.pi, 16, endpoint=False)
UNIT_CIRCLE = np.column_stack((np.cos(_ANGLES), np.sin(_ANGLES)))


def polygon(places: np.ndarray) -> np.ndarray:
    """Return continuous places (..., 2) as a polygon's points (..., 2)."""
    return np.rint(places * _UNITS - _UNITS / 2).astype(np.int32)


def places(points: np.ndarray) -> np.ndarray:
    """Return the continuous places (..., 2) of a polygon's points: the inverse of ``polygon``."""
    return (points + _UNITS / 2) / _UNITS


def rectangle(left: float, top: float, right: float, bottom: float) -> np.ndarray:
    """Return the polygon of an upright rectangle."""
    a, b, c, d = (round(v * _UNITS - _UNITS / 2) for v in (left, top, right, bottom))
    return np.array(((a, b), (c, b), (c, d), (a, d)), np.int32)


def ellipse(x: float, y: float, half_width: float, half_height: float) -> np.ndarray:
    """Return the polygon of an upright ellipse."""
    return polygon(UNIT_CIRCLE * (half_width, half_height) + (x, y))


def discs(centres: np.ndarray, radii: np.ndarray) -> np.ndarray:
    """Return the polygons (N, 16, 2) of discs with centres (N, 2) and radii (N,)."""
    return polygon(centres[:, None] + radii[:, None, None] * UNIT_CIRCLE)
