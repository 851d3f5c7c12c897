"""Colours, hair and make-up of a synthetic face."""

from dataclasses import dataclass

import numpy as np

from ..synthetic_drawing.textures import (
    Colour,
    hair_colour,
    mixed,
    random_colour,
    scaled,
    skin_colour,
)

_HAIR_STYLES = ("short", "long", "fringe", "bald", "receding", "headscarf")
_HAIR_SHARES = (0.44, 0.24, 0.12, 0.05, 0.09, 0.06)
_EYE_TONES = ((28, 42, 62), (20, 30, 48), (60, 80, 85), (120, 95, 70), (75, 105, 85))


@dataclass(frozen=True)
class MakeUp:
    """Make-up that a person would notice.

    Attributes:
        lips, lids, cheeks: colours.
        lid_strength, cheek_strength: parts of 1.
    """

    lips: Colour
    lids: Colour
    cheeks: Colour
    lid_strength: float
    cheek_strength: float


@dataclass(frozen=True)
class Look:
    """What a face looks like, apart from its shape.

    Attributes:
        skin, hair, eyes, lips, shirt: colours.
        hair_style: one of ``_HAIR_STYLES``.
        hair_volume: thickness, eye spans.
        hair_length: of long hair, eye spans below the eyes.
        hairline: shift upward, eye spans.
        beard: 0 (none) to 1 (full).
        brow_strength: how dark the brows are, a part of 1.
        age: how deep the lines are, 0 to 1.
        glasses: wears glasses one can look through.
        make_up: or None.
    """

    skin: Colour
    hair: Colour
    eyes: Colour
    lips: Colour
    shirt: Colour
    hair_style: str
    hair_volume: float
    hair_length: float
    hairline: float
    beard: float
    brow_strength: float
    age: float
    glasses: bool
    make_up: MakeUp | None


def random_look(rng: np.random.Generator) -> Look:
    """Return a random look."""
    u = rng.uniform
    skin, hair = skin_colour(rng), hair_colour(rng)
    style = _HAIR_STYLES[int(np.searchsorted(np.cumsum(_HAIR_SHARES), rng.random()))]
    bare = style in ("short", "bald", "receding")
    beard = u(0.3, 1.0) if bare and rng.random() < 0.33 else 0.0
    covered = style == "headscarf"
    return Look(
        skin=skin,
        hair=random_colour(rng, (0.1, 0.8), (0.15, 0.95)) if covered else hair,
        eyes=scaled(_EYE_TONES[int(rng.integers(len(_EYE_TONES)))], u(0.7, 1.2)),
        lips=mixed(skin, (75, 65, 165), u(0.22, 0.42)),
        shirt=random_colour(rng, (0.0, 0.8), (0.12, 0.95)),
        hair_style=style,
        hair_volume=0.05 if covered else u(0.05, 0.17),
        hair_length=u(0.9, 2.2),
        hairline=u(-0.06, 0.08),
        beard=beard,
        brow_strength=u(0.55, 0.95),
        age=rng.random() ** 2,
        glasses=rng.random() < 0.10,
        make_up=_make_up(rng, skin) if not beard and rng.random() < 0.12 else None,
    )


def _make_up(rng: np.random.Generator, skin: Colour) -> MakeUp:
    u = rng.uniform
    return MakeUp(
        lips=mixed(skin, random_colour(rng, (0.7, 0.95), (0.5, 0.9), (-0.12, 0.02)), u(0.65, 0.95)),
        lids=random_colour(rng, (0.3, 0.9), (0.15, 0.7), (0.5, 1.08)),
        cheeks=(120.0, 110.0, 235.0),
        lid_strength=u(0.5, 0.95),
        cheek_strength=u(0.25, 0.6),
    )
