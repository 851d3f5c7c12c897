"""A synthetic person's head: an ellipsoid with hair, painted pixel by pixel, then its face.

A point of the head is given on the unit sphere: x to the person's left, y up, z forward.
"""

from dataclasses import dataclass
from math import cos, radians, sin, sqrt

import numpy as np

from ..synthetic_drawing.canvas import Canvas
from ..synthetic_drawing.polygons import UNIT_CIRCLE, polygon
from ..synthetic_drawing.textures import Colour, crop, mixed, random_colour, scaled, texture_pool

_SHELL = 1.10  # hair lies on a shell this much larger than the skull


@dataclass(frozen=True)
class HeadLook:
    """Colours and hair of a head.

    Attributes:
        skin, hair, eyes: colours.
        hairline: (3,) unit vector; hair grows where its product with the place on the unit
            sphere exceeds ``hair_limit`` (2 means bald).
        hair_limit: see ``hairline``.
        long_hair: hair falls over ears and neck.
        hat: the "hair" is a hat and has a brim.
        beard: a beard in the hair's colour.
        glasses: wears glasses.
    """

    skin: Colour
    hair: Colour
    eyes: Colour
    hairline: tuple[float, float, float]
    hair_limit: float
    long_hair: bool
    hat: bool
    beard: bool
    glasses: bool


def random_head_look(rng: np.random.Generator, skin: Colour, hair: Colour) -> HeadLook:
    """Return a random look for a head with the given colours."""
    kind = rng.random()
    hat, bald, long_hair = kind < 0.14, 0.14 <= kind < 0.19, kind > 0.72
    limits = (0.22, 0.36) if hat else (-0.25, -0.05) if long_hair else (0.0, 0.24)
    tilt = radians(rng.uniform(4, 12) if hat else rng.uniform(28, 52))
    return HeadLook(
        skin=skin,
        hair=random_colour(rng, (0.2, 0.9), (0.15, 0.9)) if hat else hair,
        eyes=scaled((40, 55, 75), rng.uniform(0.4, 1.3)),
        hairline=(0.0, cos(tilt), -sin(tilt)),
        hair_limit=2.0 if bald else rng.uniform(*limits),
        long_hair=long_hair,
        hat=hat,
        beard=not long_hair and not hat and rng.random() < 0.22,
        glasses=rng.random() < 0.12,
    )


class _Surface:
    """The skull, and the hair's shell around it, at the pixels of a window.

    Attributes:
        towards: (3,) the place on the unit sphere that is nearest to the viewer.
        square: (h, w) squared distance from the middle, 1 at the skull's rim.
        skull_height, shell_height: (h, w) how much the front surface faces the viewer, 1 in the
            middle and 0 at the rim.
        to_right: (1, w) place between the left rim (-1) and the right rim (1).
    """

    def __init__(
        self, window: tuple[int, int, int, int], centre: np.ndarray, axes: np.ndarray
    ) -> None:
        left, top, right, bottom = window
        (ax, ay, az), (bx, by, bz), (cx, cy, cz) = axes.tolist()
        nx, ny, nz = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
        area = sqrt(nx * nx + ny * ny + nz * nz)
        length = area if nx * cx + ny * cy + nz * cz > 0 else -area
        self.towards = np.array((nx / length, ny / length, nz / length))
        # The inverse of axes[:2] @ axes[:2].T is ((a, b), (b, c)).
        a = (bx * bx + by * by + bz * bz) / area**2
        b = -(ax * bx + ay * by + az * bz) / area**2
        c = (ax * ax + ay * ay + az * az) / area**2
        self._unproject = axes[:2].T @ ((a, b), (b, c))  # pixels -> unit sphere
        self._x = np.arange(left, right, dtype=np.float32)[None] + np.float32(0.5 - centre[0])
        y = np.arange(top, bottom, dtype=np.float32)[:, None]
        self._y = np.float32(centre[1] - 0.5) - y
        self.square = (np.float32(a) * self._x + np.float32(2 * b) * self._y) * self._x
        self.square += np.float32(c) * self._y * self._y
        self.to_right = self._x * np.float32(1 / sqrt(area))
        self.skull_height = np.sqrt(np.maximum(1 - self.square, 0))
        self.shell_height = np.sqrt(np.maximum(1 - self.square * np.float32(_SHELL**-2), 0))

    def flat(self, direction: tuple[float, float, float], scale: float = 1.0) -> np.ndarray:
        """Return the product of a direction with the places' parts in the image plane, (h, w)."""
        x, y = (np.float32(v / scale) for v in direction @ self._unproject)
        return x * self._x + y * self._y

    def rise(self, direction: tuple[float, float, float]) -> np.float32:
        """Return the factor of the height that completes ``flat`` to the whole product."""
        return np.float32(self.towards @ direction)


def draw_head(
    canvas: Canvas,
    centre: np.ndarray,
    axes: np.ndarray,
    look: HeadLook,
    light: float,
    codes: tuple[int, int],
    rng: np.random.Generator,
) -> None:
    """Draw skull and hair, then the face where it is turned to the viewer.

    Args:
        canvas: what is drawn on.
        centre: (2,) pixels.
        axes: (3, 3), columns are the half axes in pixels, in camera coordinates (y up).
        look: colours and hair.
        light: -1 (from the left) to 1 (from the right).
        codes: labels of skin and of hair.
        rng: for the hair's texture.
    """
    reach = np.sqrt((axes[:2] ** 2).sum(axis=1)) * _SHELL
    window = canvas.window(polygon(np.array((centre - reach, centre + reach))))
    if window is None:
        return
    left, top, right, bottom = window
    surface = _Surface(window, centre, axes)
    along = surface.flat(look.hairline, _SHELL)
    height = surface.rise(look.hairline) * surface.shell_height
    shell, limit = surface.square < _SHELL**2, np.float32(look.hair_limit)
    hair_in_front = shell & (along + height > limit)
    bare = (surface.square < 1) & ~hair_in_front
    hair = (hair_in_front | (shell & (along - height > limit))) & ~bare
    noise = crop(texture_pool().noise[3], rng, bottom - top, right - left)
    grain = np.float32(0.0004 if look.hat else 0.0018)
    sheen = np.float32(0.5) + np.float32(0.35) * surface.shell_height + noise * grain
    shade = np.float32(0.72) + np.float32(0.28) * surface.skull_height
    shade += np.float32(0.10 * light) * surface.to_right
    skin = bare & ~_beard(surface) if look.beard else bare
    colour = np.where(skin[..., None], np.float32(look.skin), np.float32(look.hair))
    colour *= np.where(bare, shade, sheen)[..., None]
    source = np.minimum(colour, 255).astype(np.uint8)
    canvas.stamp(source, left, top, [(bare, codes[0]), (hair, codes[1])])
    _draw_face(canvas, centre, axes, look, surface.towards)
    if look.hat and axes[2, 2] > 0:
        flatten = axes[:2].T * (1, -1)
        canvas.fill(polygon(_BRIM @ flatten + centre), scaled(look.hair, 0.7), codes[1])


def _beard(surface: _Surface) -> np.ndarray:
    forward, up = (0.0, 0.0, 1.0), (0.0, 1.0, 0.0)
    height = surface.skull_height
    in_front = surface.flat(forward) + surface.rise(forward) * height > 0.1
    return in_front & (surface.flat(up) + surface.rise(up) * height < -0.38)


def _draw_face(
    canvas: Canvas, centre: np.ndarray, axes: np.ndarray, look: HeadLook, towards: np.ndarray
) -> None:
    """Draw eyes, brows, mouth and glasses, each only where the skull shows it."""
    shown = _FEATURE_PLACES @ towards > 0.12
    if not shown.any():
        return
    dark = mixed(look.hair, (20, 20, 25), 0.5)
    lips = mixed(look.skin, (50, 45, 130), 0.5)
    colours = {
        "eyeball": (225, 228, 232),
        "iris": look.eyes,
        "brow": dark,
        "mouth": scaled(lips, 0.8),
        "lip": lips,
    }
    outlines = polygon(_FEATURE_OUTLINES @ (axes[:2].T * (1, -1)) + centre)
    for (name, *_), outline, visible in zip(_FEATURES, outlines, shown.tolist(), strict=True):
        if not visible:
            continue
        if name in colours:
            canvas.draw(outline, colours[name])
        elif look.glasses:
            canvas.line(outline, (25, 25, 25), closed=True)


# name, x, y on the unit sphere, half width, half height; drawn in this order
_FEATURES = (
    ("mouth", 0.0, -0.53, 0.27, 0.065),
    ("lip", 0.0, -0.58, 0.20, 0.045),
    *(
        (name, side * 0.38, y, half_width, half_height)
        for side in (1, -1)
        for name, y, half_width, half_height in (
            ("eyeball", 0.10, 0.19, 0.095),
            ("iris", 0.09, 0.10, 0.100),
            ("brow", 0.31, 0.21, 0.035),
            ("glass", 0.09, 0.27, 0.200),
        )
    ),
)


def _on_sphere(flat: np.ndarray) -> np.ndarray:
    depth = np.sqrt(np.maximum(0, 1 - (flat**2).sum(axis=-1, keepdims=True)))
    return np.concatenate((flat, depth), axis=-1)


_FEATURE_PLACES = _on_sphere(np.array([feature[1:3] for feature in _FEATURES]))
_FEATURE_OUTLINES = _on_sphere(
    np.stack([UNIT_CIRCLE * feature[3:5] + feature[1:3] for feature in _FEATURES])
)
_BRIM = np.column_stack(
    (UNIT_CIRCLE[:, 0] * 0.85, np.full(len(UNIT_CIRCLE), 0.40), UNIT_CIRCLE[:, 1] * 0.8 + 0.75)
)
