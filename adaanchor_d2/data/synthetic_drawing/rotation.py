"""Rotations of bodies and heads; axes are x to the picture's right, y up, z to the viewer."""

from math import cos, radians, sin

import numpy as np


def rotation(pitch: float, yaw: float, roll: float) -> np.ndarray:
    """Return the (3, 3) rotation: yaw about y first, then pitch, then roll about z, in degrees.

    A positive pitch moves what hangs down forward, a positive roll moves it to the left.
    """
    a, b, g = radians(roll), radians(-pitch), radians(yaw)
    ca, sa, cb, sb, cg, sg = cos(a), sin(a), cos(b), sin(b), cos(g), sin(g)
    return np.array(
        [
            [ca * cg - sa * sb * sg, -sa * cb, ca * sg + sa * sb * cg],
            [sa * cg + ca * sb * sg, ca * cb, sa * sg - ca * sb * cg],
            [-cb * sg, sb, cb * cg],
        ]
    )
