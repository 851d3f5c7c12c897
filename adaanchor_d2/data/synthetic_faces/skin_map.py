"""The flat map of a face's skin, over (angle, height), and smooth curves on it."""

from functools import lru_cache

import cv2
import numpy as np
from scipy.interpolate import CubicSpline

from ..synthetic_drawing.polygons import UNIT_CIRCLE
from .surface import HeadSurface

_WIDEST_ANGLE = 112.0
_HIGHEST = 1.0
_DENSITY = 1.2  # pixels of the map for one of the picture


class SkinMap:
    """Where a place of the face is on its map.

    Args:
        surface: the head.
        span_px: pixels of an eye span in the picture.
    """

    def __init__(self, surface: HeadSurface, span_px: float) -> None:
        self.surface = surface
        self.density = _DENSITY * span_px
        self.lowest = float(surface.heights[0])
        self.height = max(8, round((_HIGHEST - self.lowest) * self.density))
        self.width = max(8, round(2 * np.radians(_WIDEST_ANGLE) * 0.77 * self.density))

    def columns_rows(self, angles: np.ndarray, heights: np.ndarray) -> tuple[np.ndarray, ...]:
        """Return continuous map coordinates of angles (degrees) and heights."""
        columns = angles * (0.5 * self.width / _WIDEST_ANGLE) + 0.5 * self.width
        rows = (_HIGHEST - heights) * (self.height / (_HIGHEST - self.lowest))
        return columns, rows

    def places(self, flat: np.ndarray) -> np.ndarray:
        """Return continuous map coordinates (N, 2) of x, y (N, 2) seen from straight ahead."""
        places = np.empty((len(flat), 2))
        places[:, 0], places[:, 1] = self.columns_rows(self.surface.angles_of(flat), flat[:, 1])
        return places

    def sample(self, image: np.ndarray, angles: np.ndarray, heights: np.ndarray) -> np.ndarray:
        """Return the colours (N, 3) of a map at angles and heights (N,)."""
        columns, rows = self.columns_rows(angles, heights)
        count = len(columns)
        wide = 1 << 10
        lines = -(-count // wide)
        grid = np.zeros((2, lines * wide), np.float32)
        grid[0, :count], grid[1, :count] = columns - 0.5, rows - 0.5
        x, y = grid.reshape(2, lines, wide)
        colours = cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return colours.reshape(-1, 3)[:count]


@lru_cache(maxsize=32)
def _spline(count: int, closed: bool, fine: int) -> np.ndarray:
    """Return the matrix that turns ``count`` points into ``fine`` points on a smooth curve."""
    points = np.eye(count)
    if closed:
        points = np.vstack((points, points[:1]))
    curve = CubicSpline(np.arange(len(points)), points, bc_type="periodic" if closed else "natural")
    return curve(np.linspace(0, len(points) - 1, fine))


def smooth(points: np.ndarray, closed: bool = False, fine: int = 13) -> np.ndarray:
    """Return points (fine, 2) on a smooth curve through points (N, 2)."""
    return _spline(len(points), closed, fine) @ points


def mirrored(points: np.ndarray) -> np.ndarray:
    """Return points (N, 2) of the other side of the face."""
    return points * (-1, 1)


def flat_ellipse(x: float, y: float, half_width: float, half_height: float) -> np.ndarray:
    """Return the outline (16, 2) of an upright ellipse."""
    return UNIT_CIRCLE * (half_width, half_height) + (x, y)
