"""The head as a surface: a grid of points over (angle around the head, height).

A point at height y and angle t (0 in front, 90 degrees at the side) has x = width(y) sin t; z runs
from the front's depth at t = 0 to the contour's depth at 90 degrees and on to the back's. So the
outline of the frontal view, ear to chin to ear, is the pair of columns at 90 degrees: the landmarks
of the contour. Nose, brows, sockets, cheeks, lips and chin are bumps of z. An opening mouth
stretches the heights below it.
"""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import PchipInterpolator

from .traits import Expression, Proportions

# height, half width, depth in front, depth of the contour, how far back it goes from there
_PROFILE = np.array(
    (
        (-1.360, 0.000, 0.780, 0.780, 0.00),
        (-1.352, 0.100, 0.850, 0.775, 0.12),
        (-1.335, 0.180, 0.900, 0.765, 0.22),
        (-1.300, 0.275, 0.945, 0.740, 0.30),
        (-1.220, 0.390, 0.975, 0.680, 0.40),
        (-1.100, 0.500, 0.955, 0.580, 0.45),
        (-0.950, 0.585, 0.960, 0.450, 0.50),
        (-0.750, 0.650, 0.985, 0.290, 0.50),
        (-0.500, 0.695, 0.990, 0.180, 0.60),
        (-0.200, 0.735, 0.990, 0.140, 0.85),
        (0.000, 0.755, 0.995, 0.120, 1.02),
        (0.300, 0.785, 1.045, 0.080, 1.10),
        (0.600, 0.785, 1.015, 0.020, 1.08),
        (0.850, 0.735, 0.870, -0.030, 0.95),
        (1.050, 0.620, 0.680, -0.070, 0.76),
        (1.200, 0.440, 0.430, -0.090, 0.52),
        (1.280, 0.250, 0.190, -0.100, 0.29),
        (1.320, 0.000, -0.100, -0.100, 0.00),
    )
)
REST_CHIN, TOP = float(_PROFILE[0, 0]), float(_PROFILE[-1, 0])
_CURVES = PchipInterpolator(_PROFILE[:, 0], _PROFILE[:, 1:])
_FINE_HEIGHTS = REST_CHIN + (TOP - REST_CHIN) * 0.5 * (1 - np.cos(np.linspace(0, np.pi, 400)))
_FINE = _CURVES(_FINE_HEIGHTS).T.copy()
JAW_DROP = 0.42  # of a wide open mouth

# Rows and columns of the grid, denser where the surface bends more.
_ROW_PLACES = np.concatenate(
    (
        0.06 * np.linspace(0, 1, 6)[:-1] ** 2,
        np.linspace(0.06, 0.68, 27),
        1 - 0.28 * np.linspace(1, 0, 8) ** 1.5,
    )
)
_HALF = np.concatenate((np.arange(0, 32, 4), np.arange(34, 90, 9), (90, 99, 115, 140, 180)))
ANGLES = np.concatenate((-_HALF[:0:-1], _HALF))

# x and y of the middle, their half widths, height; each stands on both sides when x > 0.
_BUMPS = np.array(
    (
        (0.000, -0.020, 0.130, 0.100, -0.045),  # root of the nose
        (0.330, 0.010, 0.170, 0.110, -0.110),  # socket
        (0.345, -0.005, 0.120, 0.085, 0.055),  # eyeball
        (0.320, 0.200, 0.200, 0.070, 0.035),  # brow
        (0.470, -0.280, 0.200, 0.170, 0.050),  # cheek bone
        (0.300, -0.620, 0.130, 0.220, -0.020),  # beside the mouth
    )
)


@dataclass(frozen=True)
class HeadSurface:
    """A head with its expression.

    Attributes:
        heights: (R,) heights of the rows, upward from the chin.
        vertices: (R, C, 3) points in eye spans; the columns are at ``ANGLES``.
        half_widths: (R,) of the rows.
    """

    heights: np.ndarray
    vertices: np.ndarray
    half_widths: np.ndarray

    def angles_of(self, flat: np.ndarray) -> np.ndarray:
        """Return (N,) degrees of the front's points seen at x, y (N, 2) from straight ahead."""
        half_width = np.maximum(np.interp(flat[:, 1], self.heights, self.half_widths), 1e-6)
        sine = np.minimum(np.maximum(flat[:, 0] / half_width, -1), 1)
        return np.arcsin(sine) * (180 / np.pi)

    def points_at(self, angles: np.ndarray, heights: np.ndarray) -> np.ndarray:
        """Return the points (..., 3) of the drawn surface: bilinear between its vertices."""
        column = np.interp(angles, ANGLES, np.arange(len(ANGLES)))
        row = np.interp(heights, self.heights, np.arange(len(self.heights)))
        j = np.minimum(column.astype(int), len(ANGLES) - 2)
        i = np.minimum(row.astype(int), len(self.heights) - 2)
        across, up = (column - j)[..., None], (row - i)[..., None]
        lower = self.vertices[i, j] * (1 - across) + self.vertices[i, j + 1] * across
        upper = self.vertices[i + 1, j] * (1 - across) + self.vertices[i + 1, j + 1] * across
        return lower * (1 - up) + upper * up


def jaw_drop(expression: Expression) -> float:
    """Return by how much the lower lip comes down, eye spans."""
    return JAW_DROP * expression.mouth_open


def build_surface(shape: Proportions, expression: Expression) -> HeadSurface:
    """Return the surface of a head."""
    rest = np.linspace(REST_CHIN, TOP, 600)
    lips = _moved_heights(rest, shape, expression, 0.03)
    heights = lips[0] + (lips[-1] - lips[0]) * _ROW_PLACES
    rows = np.interp(heights, lips, rest)
    front = np.interp(rows, _FINE_HEIGHTS, _FINE[1])
    # Away from the lips the opening is spread over the whole jaw.
    jaw_rows = np.interp(heights, _moved_heights(rest, shape, expression, 0.45), rest)
    width, contour, back = (np.interp(jaw_rows, _FINE_HEIGHTS, _FINE[row]) for row in (0, 2, 3))
    width = width * shape.width * (1 + (shape.jaw - 1) * _step((-0.2 - jaw_rows) / 0.5))
    sine, cosine = np.sin(np.radians(ANGLES)), np.cos(np.radians(ANGLES))
    x = width[:, None] * sine
    reach = np.where(cosine >= 0, (front - contour)[:, None], back[:, None])
    z = contour[:, None] + reach * cosine
    in_front = np.sqrt(np.maximum(cosine, 0))
    z += in_front * _relief(x, rows[:, None], shape)
    y = np.broadcast_to(heights[:, None], x.shape)
    return HeadSurface(heights, np.stack((x, y, z), axis=-1), width)


def _moved_heights(
    rest: np.ndarray, shape: Proportions, expression: Expression, spread: float
) -> np.ndarray:
    """Return where the heights of the average head are on this one.

    ``spread`` is over which height below the mouth's seam the opening mouth stretches.
    """
    below_mouth = np.minimum(rest - shape.mouth_y, 0)
    opened = _step((shape.mouth_y - rest) / spread)
    return rest + (shape.chin - 1) * below_mouth - jaw_drop(expression) * opened


def _step(share: np.ndarray) -> np.ndarray:
    """Rise smoothly from 0 (share <= 0) to 1 (share >= 1)."""
    share = np.clip(share, 0, 1)
    return share * share * (3 - 2 * share)


def _relief(x: np.ndarray, y: np.ndarray, shape: Proportions) -> np.ndarray:
    """Return the bumps' height at x (R, C) and rest height y (R, 1)."""
    aside = np.abs(x)
    mouth, wings = shape.mouth_y, -shape.nose_length - 0.02
    bumps = np.vstack(
        (
            _BUMPS,
            (0.68 * shape.nose_half, wings, 0.065, 0.055, 0.14),
            (0.0, mouth + 0.045, 0.75 * shape.mouth_half, 0.06, 0.6 * shape.upper_lip),
            (0.0, mouth - 0.055, 0.70 * shape.mouth_half, 0.06, 0.6 * shape.lower_lip),
            (0.0, 0.55 * mouth + 0.45 * REST_CHIN, 0.22, 0.05, -0.03),
            (0.0, 0.25 * mouth + 0.75 * REST_CHIN, 0.17, 0.11, 0.045),
        )
    )
    relief = _nose(aside, y, shape)
    for centre_x, centre_y, half_x, half_y, height in bumps.tolist():
        along = np.exp(-(((y - centre_y) / half_y) ** 2))
        across = np.exp(-(((aside - centre_x) / half_x) ** 2))
        relief = relief + height * along * across
    return relief


def _nose(aside: np.ndarray, y: np.ndarray, shape: Proportions) -> np.ndarray:
    tip, base = -shape.nose_length, -shape.nose_length - 0.10
    down = np.clip(1.04 * y / tip, 0, 1)
    ridge = shape.nose_height * (
        0.16 * _step((0.06 - y) / 0.2) + 0.84 * (1.3 * down - 0.3 * down**4) ** 1.3
    )
    ridge = ridge * np.clip((y - base) / (tip - base), 0, 1) ** 0.6
    return ridge * np.exp(-((aside / (0.075 + 0.055 * down)) ** 2))
