"""What one synthetic face is: proportions, expression and turn, each with its random choice.

Lengths are in *eye spans*: the distance between the outer corners of the eyes, which WFLW divides
its errors by. The face's own axes are x to the right of the picture when it looks at the viewer
(the person's left), y up, z forward; the origin lies between the eyes, in the plane of the ears.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Proportions:
    """The shape of a face, in eye spans or as factors around 1.

    Attributes:
        width: of the whole head, a factor.
        jaw: width at the jaw, a factor on top of ``width``.
        chin: length below the mouth, a factor.
        eye_x, eye_half, eye_open: middle of an eye, half its length, height of its upper lid.
        eye_tilt: how much higher the outer corners are.
        brow_y, brow_thick, brow_arch: height over the eyes, thickness, bend.
        nose_length, nose_half, nose_height: from the eyes to the tip, half width, height.
        mouth_y, mouth_half, upper_lip, lower_lip: place, half width, thickness of the lips.
    """

    width: float = 1.0
    jaw: float = 1.0
    chin: float = 1.0
    eye_x: float = 0.345
    eye_half: float = 0.155
    eye_open: float = 0.08
    eye_tilt: float = 0.015
    brow_y: float = 0.24
    brow_thick: float = 0.05
    brow_arch: float = 0.05
    nose_length: float = 0.52
    nose_half: float = 0.18
    nose_height: float = 0.34
    mouth_y: float = -0.87
    mouth_half: float = 0.29
    upper_lip: float = 0.075
    lower_lip: float = 0.105


@dataclass(frozen=True)
class Expression:
    """What the face does; all 0 is a calm face that looks straight ahead.

    Attributes:
        mouth_open: 0 to 1.
        smile: -1 (corners down) to 1.
        brows: -1 (drawn down) to 1 (raised).
        closed: 0 to 1, how far the (left, right) eye is closed.
        gaze: (x, y) shift of the pupils, -1 to 1.
    """

    mouth_open: float = 0.0
    smile: float = 0.0
    brows: float = 0.0
    closed: tuple[float, float] = (0.0, 0.0)
    gaze: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class Turn:
    """How the head is turned, degrees.

    Attributes:
        pitch: positive looks up.
        yaw: positive looks to the right of the picture.
        roll: positive leans the top of the head to the left of the picture.
    """

    pitch: float = 0.0
    yaw: float = 0.0
    roll: float = 0.0


def random_proportions(rng: np.random.Generator) -> Proportions:
    """Return a random adult's or, sometimes, a child's face."""
    u = rng.uniform
    child = rng.random() < 0.1
    return Proportions(
        width=u(0.93, 1.06),
        jaw=u(0.88, 1.08),
        chin=u(0.88, 1.08) * (0.85 if child else 1.0),
        eye_x=u(0.335, 0.355),
        eye_half=u(0.140, 0.165),
        eye_open=u(0.062, 0.098) * (1.15 if child else 1.0),
        eye_tilt=u(-0.015, 0.035),
        brow_y=u(0.20, 0.28),
        brow_thick=u(0.035, 0.065),
        brow_arch=u(0.02, 0.07),
        nose_length=u(0.46, 0.57) * (0.88 if child else 1.0),
        nose_half=u(0.155, 0.21),
        nose_height=u(0.27, 0.40) * (0.8 if child else 1.0),
        mouth_y=u(-0.92, -0.83) * (0.92 if child else 1.0),
        mouth_half=u(0.25, 0.32),
        upper_lip=u(0.05, 0.10),
        lower_lip=u(0.08, 0.13),
    )


def random_expression(rng: np.random.Generator) -> Expression:
    """Return a calm face mostly; otherwise a smile, a shout, surprise, a frown or closed eyes."""
    u = rng.uniform
    kind = rng.random()
    gaze = (float(np.clip(rng.normal(0, 0.35), -1, 1)), float(np.clip(rng.normal(0, 0.25), -1, 1)))
    calm = {"smile": u(-0.2, 0.35), "brows": u(-0.2, 0.2), "gaze": gaze}
    if kind < 0.72:
        blink = (0.15 * rng.random(),) * 2
        return Expression(**{**calm, "mouth_open": max(0.0, u(-0.12, 0.10)), "closed": blink})
    if kind < 0.82:  # laughing
        squint = (u(0.1, 0.5),) * 2
        return Expression(
            **{**calm, "smile": u(0.6, 1), "mouth_open": u(0.05, 0.5), "closed": squint}
        )
    if kind < 0.90:  # shouting or surprised
        return Expression(**{**calm, "mouth_open": u(0.5, 1), "brows": u(-0.5, 1)})
    if kind < 0.95:  # frowning
        return Expression(**{**calm, "smile": u(-1, -0.5), "brows": u(-1, -0.6)})
    wink = rng.random() < 0.3
    closed = (1.0, 0.0 if wink else 1.0)
    return Expression(**{**calm, "closed": closed if rng.random() < 0.5 else closed[::-1]})


def random_turn(rng: np.random.Generator) -> Turn:
    """Return a turn: mostly towards the viewer, sometimes far to a side, up or down."""
    u = rng.uniform
    kind = rng.random()
    yaw, pitch = rng.normal(0, 16), rng.normal(0, 8)
    if kind < 0.14:
        yaw = rng.choice((-1, 1)) * u(35, 75)
    elif kind < 0.20:
        pitch = rng.choice((-1, 1)) * u(18, 32)
    roll = rng.normal(0, 8) if rng.random() < 0.9 else u(-40, 40)
    return Turn(float(np.clip(pitch, -32, 32)), float(np.clip(yaw, -75, 75)), roll)
