"""WFLW's 98 landmarks of a synthetic face: where they are from the front, and on the surface.

Order as in WFLW: 0-32 contour from the left ear of the picture over the chin to the right one,
33-41 and 42-50 brows, 51-59 nose, 60-67 and 68-75 eyes, 76-87 outer and 88-95 inner lips, 96 and
97 pupils. "Left" is the left of the picture.
"""

from dataclasses import dataclass

import numpy as np

from .surface import HeadSurface, jaw_drop
from .traits import Expression, Proportions

NUM_LANDMARKS = 98
CONTOUR, CHIN = slice(0, 33), 16
LEFT_BROW, RIGHT_BROW = slice(33, 42), slice(42, 51)
NOSE_BRIDGE, NOSE_BASE = slice(51, 55), slice(55, 60)
LEFT_EYE, RIGHT_EYE = slice(60, 68), slice(68, 76)
OUTER_LIPS, INNER_LIPS = slice(76, 88), slice(88, 96)
LEFT_PUPIL, RIGHT_PUPIL = 96, 97
_CONTOUR_TOP = 0.10  # height of the contour's first and last points
_LID_SHAPE = np.array((0.72, 1.0, 0.80))  # of the upper lid from the outer corner inward
_FAR_SIDE_ANGLES = np.linspace(0, 1, 19)


def frontal_landmarks(
    surface: HeadSurface, shape: Proportions, expression: Expression
) -> np.ndarray:
    """Return (98, 2) places x, y (up) in eye spans, seen from straight ahead."""
    right = _right_half(shape, expression, expression.closed[1], expression.gaze)
    mirrored_gaze = (-expression.gaze[0], expression.gaze[1])
    left = _right_half(shape, expression, expression.closed[0], mirrored_gaze)
    left = {name: points * (-1, 1) for name, points in left.items()}
    lips = _lips(shape, expression)
    left_eye = left["eye"][[4, 3, 2, 1, 0, 7, 6, 5]]
    left_brow = left["brow"][[4, 3, 2, 1, 0, 8, 7, 6, 5]]
    return np.concatenate(
        (
            _contour(surface),
            left_brow,
            right["brow"],
            _nose(shape),
            left_eye,
            right["eye"],
            lips,
            left["pupil"],
            right["pupil"],
        )
    )


def _contour(surface: HeadSurface) -> np.ndarray:
    """Return (33, 2) places at equal distances along the outline."""
    below = surface.heights < _CONTOUR_TOP
    heights = np.append(surface.heights[below], _CONTOUR_TOP)
    widths = np.interp(heights, surface.heights, surface.half_widths)
    length = np.concatenate(([0], np.cumsum(np.hypot(np.diff(widths), np.diff(heights)))))
    places = np.linspace(0, length[-1], CHIN + 1)
    x, y = np.interp(places, length, widths), np.interp(places, length, heights)
    return np.column_stack((np.append(-x[:0:-1], x), np.append(y[:0:-1], y)))


def _right_half(
    shape: Proportions, expression: Expression, closed: float, gaze: tuple[float, float]
) -> dict[str, np.ndarray]:
    """Return brow, eye and pupil of the right side of the picture, in WFLW's order."""
    share = np.array((0.25, 0.5, 0.75))
    inner = np.array((shape.eye_x - shape.eye_half, -0.015))
    outer = np.array((shape.eye_x + shape.eye_half, shape.eye_tilt))
    corners = inner + share[:, None] * (outer - inner)
    wide = 1 + 0.35 * max(0.0, expression.brows)
    shut = -0.035 * np.array((0.8, 1.0, 0.8))
    upper = (1 - closed) * wide * shape.eye_open * _LID_SHAPE[::-1] + closed * shut
    lower = (1 - closed) * -0.6 * shape.eye_open * np.array((0.8, 1.0, 0.85)) + closed * shut
    upper, lower = (corners + np.column_stack((0 * v, v)) for v in (upper, lower))
    eye = np.vstack((inner, upper, outer, lower[::-1]))
    middle = 0.55 * upper[1] + 0.45 * lower[1]
    room = np.array((0.35 * shape.eye_half, 0.2 * shape.eye_open)) * (1 - closed)
    return {
        "brow": _brow(shape, expression.brows),
        "eye": eye,
        "pupil": (middle + room * gaze)[None],
    }


def _brow(shape: Proportions, raised: float) -> np.ndarray:
    """Return (9, 2): the upper edge from the nose outward (5, the tip last), the lower back (4)."""
    share = np.array((0.0, 0.28, 0.55, 0.8, 1.0))
    frown = max(0.0, -raised)
    x = 0.115 - 0.03 * frown + share * 0.53
    y = shape.brow_y + shape.brow_arch * np.sin(np.pi * np.minimum(1.25 * share, 1.15) / 1.3)
    y = y + (0.10 if raised > 0 else 0.07) * raised - 0.06 * frown * (1 - share) - 0.03 * share**3
    half = 0.5 * shape.brow_thick * np.array((0.95, 1.0, 0.9, 0.65, 0.0))
    upper, lower = np.column_stack((x, y + half)), np.column_stack((x, y - half))
    return np.vstack((upper, lower[3::-1]))


def _nose(shape: Proportions) -> np.ndarray:
    tip, half = -shape.nose_length, shape.nose_half
    bridge = np.column_stack((np.zeros(4), tip * np.array((0.03, 0.36, 0.69, 1.0))))
    x = half * np.array((-1.0, -0.52, 0.0, 0.52, 1.0))
    y = tip - np.array((0.045, 0.088, 0.105, 0.088, 0.045))
    return np.vstack((bridge, np.column_stack((x, y))))


def _lips(shape: Proportions, expression: Expression) -> np.ndarray:
    """Return (20, 2): the outer ring, then the inner one, each from the left corner upward."""
    drop, smile = jaw_drop(expression), expression.smile
    half = shape.mouth_half * (1 + 0.22 * max(0, smile)) - 0.14 * drop * (1 - max(0, smile))
    corner_y = shape.mouth_y + (0.09 if smile > 0 else 0.06) * smile - 0.42 * drop
    thin = 1 - 0.25 * max(0.0, smile)
    bend = corner_y - shape.mouth_y + 0.42 * drop

    def ring(x: list[float], heights: list[float], shift: float) -> np.ndarray:
        """Places across the mouth; near the corners they come to the corners' height."""
        x, heights = np.array(x), np.array(heights)
        near_corner = np.abs(x) ** 2.2
        y = shape.mouth_y + shift * (1 - near_corner) - 0.42 * drop * near_corner
        return np.column_stack((x * half, y + bend * near_corner + heights * thin))

    upper = shape.upper_lip * np.array((0.62, 1.0, 0.86, 1.0, 0.62))
    lower = -shape.lower_lip * np.array((0.70, 0.97, 1.0, 0.97, 0.70))
    row = [-0.58, -0.22, 0.0, 0.22, 0.58]
    inner_row = [-0.45, 0.0, 0.45]
    corners = ring([-1, 1], [0, 0], 0)
    inner_corners = ring([-0.88, 0.88], [0, 0], 0)
    outer = (corners[:1], ring(row, upper, 0), corners[1:], ring(row, lower, -drop)[::-1])
    seam = [-0.006] * 3
    inner_upper, inner_lower = ring(inner_row, seam, 0), ring(inner_row, seam, -drop)[::-1]
    return np.vstack((*outer, inner_corners[:1], inner_upper, inner_corners[1:], inner_lower))


@dataclass(frozen=True)
class Landmarks:
    """Landmarks on a surface.

    Attributes:
        flat: (98, 2) places from straight ahead, see ``frontal_landmarks``.
        angles, heights: (98,) where they are on the surface.
    """

    flat: np.ndarray
    angles: np.ndarray
    heights: np.ndarray


def place_landmarks(
    surface: HeadSurface, shape: Proportions, expression: Expression, sideways: np.ndarray
) -> Landmarks:
    """Find the landmarks on the surface, as the viewer sees it.

    On the side that is turned away the outline of the face is not the jaw but where the cheek
    ends; as in WFLW, the contour follows it.

    Args:
        surface: the head.
        shape: its proportions.
        expression: its expression.
        sideways: (3,) the head's direction that the viewer sees as the head's own right.
    """
    flat = frontal_landmarks(surface, shape, expression)
    angles, heights = surface.angles_of(flat), flat[:, 1].copy()
    side = np.sign(np.arange(33) - CHIN)
    candidates = 90 * side[:, None] * _FAR_SIDE_ANGLES
    points = surface.points_at(
        candidates, np.broadcast_to(heights[CONTOUR, None], candidates.shape)
    )
    outward = (points @ sideways) * side[:, None]
    on_nose = np.abs(candidates) < 28
    outward = np.where(on_nose, -np.inf, outward)
    outward[CHIN, -1] = 0
    angles[CONTOUR] = np.take_along_axis(candidates, outward.argmax(axis=1)[:, None], 1)[:, 0]
    return Landmarks(flat, angles, heights)
