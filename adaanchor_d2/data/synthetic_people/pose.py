"""Random poses of a 3-D stick figure with COCO's limbs.

The body's own axes are x to its left, y up, z forward; lengths are parts of its stature. A person
who faces the viewer with yaw 0 has its left hand on the viewer's right.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

SIDES = (("left", 1.0), ("right", -1.0))


@dataclass
class Limb:
    """Angles of an arm or a leg in degrees.

    Attributes:
        swing: forward (+) or backward from hanging straight down.
        spread: outward.
        twist: about the limb's own axis, outward (+).
        bend: of the elbow or the knee; 0 is straight.
    """

    swing: float = 0.0
    spread: float = 5.0
    twist: float = 0.0
    bend: float = 5.0


@dataclass
class Pose:
    """Angles of a whole body: (pitch, yaw, roll) triples in degrees, and the four limbs."""

    name: str
    root: tuple[float, float, float]
    spine: tuple[float, float, float]
    head: tuple[float, float, float]
    arms: tuple[Limb, Limb]
    legs: tuple[Limb, Limb]


def random_pose(rng: np.random.Generator, any_pose_probability: float) -> Pose:
    """Return a random everyday pose, seen from the front, the side or behind.

    With the probability 1 - ``any_pose_probability`` it is an upright one, facing the viewer.
    """
    upright = rng.random() >= any_pose_probability
    stance = _stand if upright else _pick(rng, _STANCES)
    spine_pitch, legs = stance(rng)
    if stance is _run:
        arms = _running_arms(rng, legs)
    elif rng.random() < 0.45:
        gesture = _pick(rng, _ARM_GESTURES)
        arms = (gesture(rng), gesture(rng))
    else:
        arms = (_pick(rng, _ARM_GESTURES)(rng), _pick(rng, _ARM_GESTURES)(rng))
    u = rng.uniform
    return Pose(
        name=stance.__name__.strip("_"),
        root=(
            -10.0 if stance is _crouch else u(-4, 4),
            rng.normal(0, 15) if upright else _yaw(rng),
            u(-4, 4),
        ),
        spine=(-spine_pitch - u(-4, 6), u(-14, 14), u(-8, 8)),
        head=(u(-20, 12), u(-38, 38), u(-12, 12)),
        arms=arms,
        legs=legs,
    )


def _pick(rng: np.random.Generator, choices: tuple[tuple[Callable, float], ...]) -> Callable:
    """Return one of (function, weight) pairs; the weights add up to 1."""
    left = rng.random()
    for function, weight in choices:
        left -= weight
        if left < 0:
            return function
    return choices[-1][0]


def _yaw(rng: np.random.Generator) -> float:
    """Facing the viewer half of the time, otherwise any way round."""
    return rng.normal(0, 28) if rng.random() < 0.5 else rng.uniform(-180, 180)


def _alternate(rng: np.random.Generator, front: Limb, back: Limb) -> tuple[Limb, Limb]:
    return (front, back) if rng.random() < 0.5 else (back, front)


def _stand(rng: np.random.Generator) -> tuple[float, tuple[Limb, Limb]]:
    u = rng.uniform
    relaxed = u(0, 25) if rng.random() < 0.3 else 0.0
    straight = Limb(u(-4, 4), u(2, 9), u(0, 15), u(0, 6))
    return 0.0, _alternate(rng, straight, Limb(u(-3, 5) + relaxed / 2, u(2, 11), u(0, 20), relaxed))


def _walk(rng: np.random.Generator) -> tuple[float, tuple[Limb, Limb]]:
    u = rng.uniform
    front = Limb(u(14, 34), u(0, 5), u(-3, 8), u(3, 16))
    return u(0, 6), _alternate(rng, front, Limb(u(-26, -8), u(0, 5), u(-3, 8), u(8, 42)))


def _run(rng: np.random.Generator) -> tuple[float, tuple[Limb, Limb]]:
    u = rng.uniform
    front = Limb(u(40, 72), u(0, 6), 0.0, u(45, 95))
    return u(6, 18), _alternate(rng, front, Limb(u(-32, -8), u(0, 5), 0.0, u(15, 95)))


def _sit(rng: np.random.Generator) -> tuple[float, tuple[Limb, Limb]]:
    u = rng.uniform
    first = Limb(u(76, 94), u(2, 16), u(0, 12), u(70, 100))
    return u(-8, 18), (first, Limb(u(76, 94), u(2, 16), u(0, 12), u(70, 100)))


def _crouch(rng: np.random.Generator) -> tuple[float, tuple[Limb, Limb]]:
    u = rng.uniform
    swing, bend = u(92, 115), u(100, 132)
    first = Limb(swing, u(5, 22), u(0, 15), bend)
    return u(15, 40), (first, Limb(swing + u(-8, 8), u(5, 22), u(0, 15), bend))


def _kneel(rng: np.random.Generator) -> tuple[float, tuple[Limb, Limb]]:
    u = rng.uniform
    front = Limb(u(80, 95), u(2, 12), 0.0, u(80, 100))
    return u(-2, 12), _alternate(rng, front, Limb(u(-8, 8), u(2, 8), 0.0, u(85, 110)))


def _lunge(rng: np.random.Generator) -> tuple[float, tuple[Limb, Limb]]:
    u = rng.uniform
    front = Limb(u(35, 90), u(5, 35), u(0, 25), u(0, 70))
    return u(-6, 14), _alternate(rng, front, Limb(u(-18, 2), u(5, 18), u(0, 20), u(0, 30)))


def _lie(rng: np.random.Generator) -> tuple[float, tuple[Limb, Limb]]:
    u = rng.uniform
    first = Limb(u(-3, 12), u(2, 15), u(0, 20), u(0, 20))
    return 0.0, _alternate(rng, first, Limb(u(-3, 45), u(2, 15), u(0, 20), u(0, 80)))


def _hang(rng: np.random.Generator) -> Limb:
    u = rng.uniform
    return Limb(u(-10, 16), u(4, 17), u(-30, 10), u(4, 35))


def _hand_on_hip(rng: np.random.Generator) -> Limb:
    u = rng.uniform
    return Limb(u(-14, 0), u(38, 54), u(-90, -70), u(78, 100))


def _crossed(rng: np.random.Generator) -> Limb:
    u = rng.uniform
    return Limb(u(24, 42), u(2, 10), u(-85, -62), u(92, 115))


def _overhead(rng: np.random.Generator) -> Limb:
    u = rng.uniform
    return Limb(u(-5, 20), u(128, 172), u(-30, 60), u(2, 55))


def _wave(rng: np.random.Generator) -> Limb:
    u = rng.uniform
    return Limb(u(-5, 20), u(62, 105), u(65, 100), u(60, 115))


def _sideways(rng: np.random.Generator) -> Limb:
    u = rng.uniform
    return Limb(u(-10, 25), u(55, 100), u(-40, 60), u(0, 35))


def _reach(rng: np.random.Generator) -> Limb:
    u = rng.uniform
    return Limb(u(45, 100), u(-4, 18), u(-30, 10), u(0, 45))


def _hand_to_head(rng: np.random.Generator) -> Limb:
    u = rng.uniform
    return Limb(u(40, 70), u(18, 45), u(-45, -15), u(122, 142))


def _behind_back(rng: np.random.Generator) -> Limb:
    u = rng.uniform
    return Limb(u(-38, -22), u(6, 16), u(-85, -60), u(45, 80))


def _carry(rng: np.random.Generator) -> Limb:
    u = rng.uniform
    return Limb(u(0, 25), u(3, 15), u(-35, 0), u(65, 105))


def _running_arms(rng: np.random.Generator, legs: tuple[Limb, Limb]) -> tuple[Limb, Limb]:
    """Each arm swings against the leg of its side."""
    u = rng.uniform
    left, right = (
        Limb(u(28, 55) if leg.swing < 0 else u(-60, -30), u(6, 16), u(-30, 0), u(75, 105))
        for leg in legs
    )
    return left, right


_STANCES = (
    (_stand, 0.36),
    (_walk, 0.19),
    (_run, 0.09),
    (_sit, 0.14),
    (_lunge, 0.08),
    (_crouch, 0.05),
    (_kneel, 0.05),
    (_lie, 0.04),
)
_ARM_GESTURES = (
    (_hang, 0.37),
    (_carry, 0.11),
    (_reach, 0.09),
    (_hand_on_hip, 0.09),
    (_overhead, 0.08),
    (_wave, 0.07),
    (_sideways, 0.05),
    (_crossed, 0.05),
    (_behind_back, 0.05),
    (_hand_to_head, 0.04),
)
