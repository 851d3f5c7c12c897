"""What a synthetic person wears."""

from dataclasses import dataclass

import numpy as np

from ..synthetic_drawing.canvas import Cloth
from ..synthetic_drawing.textures import (
    Colour,
    hair_colour,
    random_colour,
    scaled,
    skin_colour,
    texture_pool,
)
from .head import HeadLook, random_head_look


@dataclass(frozen=True)
class Outfit:
    """Clothes and looks.

    Attributes:
        skin, shirt, trousers, shoes, hair: surfaces.
        sleeves: "none", "short" or "long".
        legs: "long", "short" or "skirt".
        tucked: the shirt ends at the waist.
        head: the head's look.
    """

    skin: Cloth
    shirt: Cloth
    trousers: Cloth
    shoes: Cloth
    hair: Cloth
    sleeves: str
    legs: str
    tucked: bool
    head: HeadLook


def random_outfit(rng: np.random.Generator) -> Outfit:
    """Return random clothes and looks."""
    skin, hair = skin_colour(rng), hair_colour(rng)
    shirt = _cloth(rng, random_colour(rng, (0.0, 0.85), (0.15, 0.97)), 0.62)
    cut, sleeve = rng.random(2).tolist()
    legs = "long" if cut < 0.62 else "short" if cut < 0.84 else "skirt"
    dress = legs == "skirt" and rng.random() < 0.5
    denim = rng.random() < 0.35
    hue = (0.57, 0.65) if denim else (0.0, 1.0)
    trousers_colour = random_colour(rng, (0.3 * denim, 0.65), (0.1, 0.75), hue)
    return Outfit(
        skin=Cloth(skin, skin, relief=0.12),
        shirt=shirt,
        trousers=shirt if dress else _cloth(rng, trousers_colour, 0.18),
        shoes=Cloth(*[random_colour(rng, (0.0, 0.7), (0.06, 0.95))] * 2, relief=0.1),
        hair=Cloth(scaled(hair, 0.9), scaled(hair, 0.9), relief=0.5),
        sleeves="long" if sleeve < 0.45 else "short" if sleeve < 0.9 else "none",
        legs=legs,
        tucked=rng.random() < 0.35,
        head=random_head_look(rng, skin, hair),
    )


def _cloth(rng: np.random.Generator, colour: Colour, pattern_share: float) -> Cloth:
    """Return plain or patterned cloth."""
    share, offset, scale = rng.random(3).tolist()
    if share > pattern_share:
        return Cloth(colour, colour, offset=128 * offset, relief=0.4)
    pattern = int(rng.integers(len(texture_pool().patterns)))
    other = random_colour(rng, (0.0, 0.8), (0.1, 1.0))
    return Cloth(colour, other, pattern, 0.7 + 0.7 * scale, 128 * offset)
