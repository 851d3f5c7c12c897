"""Where the skin of a face is darker, lighter or redder: areas to be shaded softly."""

import numpy as np

from ..synthetic_drawing.textures import Colour, mixed
from .landmarks import OUTER_LIPS, RIGHT_EYE
from .look import Look
from .skin_map import flat_ellipse, mirrored, smooth
from .traits import Expression, Proportions


def tone_areas(
    flat: np.ndarray, shape: Proportions, expression: Expression, look: Look
) -> list[tuple[np.ndarray, Colour]]:
    """Return outlines (N, 2) of areas, and the factors (B, G, R) of each one's colour.

    Outlines are x, y from straight ahead, in eye spans, as ``SkinMap.places`` takes them.

    Args:
        flat: (98, 2) landmarks from straight ahead.
        shape, expression, look: the face.
    """
    mouth, tip = shape.mouth_y, -shape.nose_length
    make_up = look.make_up
    blush = (0.93, 0.95, 1.02)
    if make_up is not None:
        blush = tuple(mixed((1, 1, 1), np.array(make_up.cheeks) / 200, make_up.cheek_strength))
    both = [
        (flat_ellipse(0.46, -0.36, 0.17, 0.13), blush),
        (flat_ellipse(shape.eye_x, 0.02, 0.20, 0.12), (0.80, 0.82, 0.87)),
        (flat_ellipse(0.13, -0.02, 0.05, 0.13), (0.89, 0.90, 0.92)),
        (flat_ellipse(shape.nose_half + 0.02, tip - 0.03, 0.035, 0.07), (0.80, 0.82, 0.87)),
    ]
    if make_up is not None:
        lids = np.clip(np.array(make_up.lids) / np.array(look.skin), 0.15, 1.1)
        shadow = tuple(mixed((1, 1, 1), lids, make_up.lid_strength))
        upper = flat[RIGHT_EYE][:5]
        area = np.vstack((smooth(upper), smooth(upper * (1.05, 1) + (0, 0.09))[::-1]))
        both.append((area, shadow))
    depth = 0.93 - 0.16 * max(look.age, 0.8 * max(0.0, expression.smile))
    fold = np.array(((0.20, tip - 0.02), (0.33, mouth + 0.12), (0.37, mouth - 0.08)))
    crease = np.vstack((smooth(fold), smooth(fold + (0.045, 0))[::-1]))
    both.append((crease, (depth, depth, depth + 0.02)))
    tones = [pair for area, c in both for pair in ((area, c), (mirrored(area), c))]
    below = flat[OUTER_LIPS][9] - (0, 0.075)
    tones += [
        (flat_ellipse(0, 0.5, 0.35, 0.14), (1.04, 1.05, 1.06)),
        (flat_ellipse(0, 0.6 * tip, 0.035, 0.16), (1.08, 1.08, 1.08)),
        (flat_ellipse(0, tip - 0.11, 0.13, 0.03), (0.72, 0.73, 0.78)),
        (flat_ellipse(*below, 0.17, 0.035), (0.82, 0.83, 0.87)),
    ]
    if look.age > 0.4:
        tones += [(flat_ellipse(0, y, 0.36, 0.012), (0.86, 0.87, 0.89)) for y in (0.46, 0.55, 0.64)]
    return tones
