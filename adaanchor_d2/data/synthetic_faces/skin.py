"""The skin of a face, painted flat: eyes, brows, nose and mouth on a map of (angle, height).

The surface later takes its colours from the map, so whatever is painted at a landmark's place is
seen at the landmark.
"""

from collections.abc import Callable

import cv2
import numpy as np

from ..synthetic_drawing.polygons import SHIFT, UNIT_CIRCLE, polygon
from ..synthetic_drawing.textures import Colour, crop, mixed, scaled, texture_pool, tint
from .landmarks import (
    INNER_LIPS,
    LEFT_BROW,
    LEFT_EYE,
    LEFT_PUPIL,
    NOSE_BASE,
    OUTER_LIPS,
    RIGHT_BROW,
    RIGHT_EYE,
    RIGHT_PUPIL,
)
from .look import Look
from .skin_map import SkinMap, flat_ellipse, mirrored, smooth
from .skin_tones import tone_areas
from .traits import Expression, Proportions

_NEUTRAL = 200  # of the tones that the skin is multiplied by
_TONE_SHARE = 0.3  # pixels of the tones for one of the map
_IRIS = 0.070


class SkinPainter:
    """Paints one face.

    Args:
        skin_map: where things go.
        flat: (98, 2) landmarks from straight ahead.
        shape, expression, look: the face.
        rng: for the texture.
    """

    def __init__(
        self,
        skin_map: SkinMap,
        flat: np.ndarray,
        shape: Proportions,
        expression: Expression,
        look: Look,
        rng: np.random.Generator,
    ) -> None:
        self.map, self.flat, self.shape = skin_map, flat, shape
        self.expression, self.look, self.rng = expression, look, rng
        noise = crop(texture_pool().noise[2], rng, skin_map.height, skin_map.width)
        self.image = tint(noise, scaled(look.skin, 0.93), scaled(look.skin, 1.05))

    def paint(self) -> np.ndarray:
        """Return the map (height, width, 3), uint8, BGR."""
        self._multiply_tones()
        if self.look.beard:
            self._beard()
        self._nose()
        self._mouth()
        for brow in (LEFT_BROW, RIGHT_BROW):
            self._brow(self.flat[brow])
        self._eye(self.flat[LEFT_EYE], self.flat[LEFT_PUPIL])
        self._eye(self.flat[RIGHT_EYE], self.flat[RIGHT_PUPIL])
        return self.image

    def _fill(self, flat: np.ndarray, colour: Colour) -> None:
        points = polygon(self.map.places(flat))
        cv2.fillPoly(self.image, [points], colour, cv2.LINE_AA, SHIFT)

    def _line(self, flat: np.ndarray, colour: Colour, thickness: float) -> None:
        """Draw a line of a thickness in eye spans."""
        width = thickness * self.map.density
        if width < 1:  # thinner than a pixel: paler instead
            colour = mixed(self.look.skin, colour, width)
        points = polygon(self.map.places(flat))
        cv2.polylines(self.image, [points], False, colour, max(1, round(width)), cv2.LINE_AA, SHIFT)

    def _multiply_tones(self) -> None:
        """Shade and tint broad areas softly."""
        height, width = (max(4, round(_TONE_SHARE * v)) for v in self.image.shape[:2])
        tones = np.full((height, width, 3), _NEUTRAL, np.uint8)
        ratio = np.array((width / self.map.width, height / self.map.height))
        shading = tone_areas(self.flat, self.shape, self.expression, self.look)
        areas, colours = zip(*shading, strict=True)
        together = polygon(self.map.places(np.concatenate(areas)) * ratio)
        ends = np.cumsum([len(area) for area in areas])
        for points, colour in zip(np.split(together, ends[:-1]), colours, strict=True):
            cv2.fillPoly(tones, [points], [_NEUTRAL * c for c in colour], cv2.LINE_AA, SHIFT)
        tones = cv2.GaussianBlur(tones, (0, 0), max(0.4, 0.04 * _TONE_SHARE * self.map.density))
        tones = cv2.resize(tones, (self.map.width, self.map.height))
        self.image = cv2.multiply(self.image, tones, scale=1 / _NEUTRAL)

    def _beard(self) -> None:
        """Let hair grow on cheeks, chin and upper lip, around the mouth."""
        lips, look = self.flat[OUTER_LIPS], self.look
        line = np.array(((0.0, -0.64), (0.13, -0.66), (0.34, -0.70), (0.50, -0.50), (0.72, -0.20)))
        low = np.array(((0.75, self.map.lowest - 0.1), (0.0, self.map.lowest - 0.1)))
        half = np.vstack((line + (0, self.shape.mouth_y + 0.87), low))
        cover = np.zeros(self.image.shape[:2], np.uint8)
        for area in (half, mirrored(half)):
            cv2.fillPoly(cover, [polygon(self.map.places(area))], 255, cv2.LINE_AA, SHIFT)
        mouth = smooth(lips, True, 33)
        cv2.fillPoly(cover, [polygon(self.map.places(mouth))], 0, cv2.LINE_AA, SHIFT)
        cover = cv2.GaussianBlur(cover, (0, 0), 0.03 * self.map.density)
        grain = crop(texture_pool().noise[4], self.rng, *self.image.shape[:2])
        share = cover.astype(np.float32) * (0.55 + grain * np.float32(0.45 / 255))
        share *= np.float32(look.beard / 255)
        hair = np.float32(scaled(look.hair, 0.8))
        self.image = (self.image + (hair - self.image) * share[..., None]).astype(np.uint8)

    def _nose(self) -> None:
        dark = mixed(scaled(self.look.skin, 0.35), (25, 25, 60), 0.4)
        base = self.flat[NOSE_BASE]
        for side in (0, 3):  # the left and the right nostril
            x, y = 0.5 * (base[side] + base[side + 1])
            self._fill(flat_ellipse(0.78 * x, y + 0.012, 0.042, 0.019), dark)
        wing = np.array(((0.80, 0.13), (1.06, 0.06), (1.0, -0.02), (0.80, -0.045)))
        wing = wing * (self.shape.nose_half, 1) + (0, base[0, 1])
        for curve in (wing, mirrored(wing)):
            self._line(smooth(curve), scaled(self.look.skin, 0.62), 0.012)

    def _mouth(self) -> None:
        look = self.look
        lips = look.lips if look.make_up is None else look.make_up.lips
        outer, inner = self.flat[OUTER_LIPS], self.flat[INNER_LIPS]
        upper_edge = smooth(outer[:7], fine=25)
        lower_edge = smooth(outer[[6, 7, 8, 9, 10, 11, 0]], fine=25)
        inner_upper = smooth(inner[:5])
        inner_lower = smooth(inner[[4, 5, 6, 7, 0]])
        self._fill(np.vstack((upper_edge, lower_edge)), scaled(lips, 0.86))
        self._fill(np.vstack((inner_upper, outer[6:7], lower_edge, outer[:1])), lips)
        shine = outer[9] * 0.55 + inner[6] * 0.45
        self._fill(flat_ellipse(*shine, 0.085, 0.012), mixed(lips, (235, 235, 245), 0.35))
        gap = float(inner[2, 1] - inner[6, 1])
        if gap > 0.012:
            self._open_mouth(np.vstack((inner_upper, inner_lower)), inner, gap)
        self._line(inner_upper, scaled(lips, 0.40), 0.016)
        for corner, other in ((0, 1), (6, -1)):
            away = outer[corner] + np.array(((0.0, 0.0), (-0.03 * other, -0.012)))
            self._line(away, scaled(look.skin, 0.62), 0.014)

    def _open_mouth(self, ring: np.ndarray, inner: np.ndarray, gap: float) -> None:
        def inside(image: np.ndarray) -> None:
            image[:] = (22, 16, 48)
            self._draw(
                image, flat_ellipse(0, inner[6, 1] + 0.1 * gap, 0.15, 0.34 * gap), (88, 80, 165)
            )
            low = inner[2, 1] - min(0.075, 0.75 * gap)
            arch = np.array(((-0.3, low + 0.02), (0, low), (0.3, low + 0.02)))
            teeth = np.vstack((smooth(arch), ((0.3, 0), (-0.3, 0))))
            self._draw(image, teeth, (205, 218, 224))

        self._within(ring, inside)

    def _brow(self, ring: np.ndarray) -> None:
        look = self.look
        hair = look.hair if look.hair_style != "headscarf" else (25, 30, 40)
        colour = mixed(look.skin, scaled(hair, 0.55), look.brow_strength)
        area = np.vstack((smooth(ring[:5]), smooth(ring[[4, 5, 6, 7, 8]])))
        if abs(ring[0, 0]) > abs(ring[4, 0]):  # the left one starts at its tip
            area = np.vstack((smooth(ring[:5]), smooth(ring[[5, 6, 7, 8, 0]])))
        self._fill(area, colour)
        roots = area[self.rng.integers(13, 25, 9)]
        lean = 0.05 * np.sign(roots[:, :1]) * self.rng.random((9, 1))
        tips = roots + np.hstack((lean, np.full((9, 1), 0.035)))
        hairs = polygon(self.map.places(np.stack((roots, tips), axis=1).reshape(-1, 2)))
        dark = mixed(colour, scaled(colour, 0.6), min(1.0, 0.01 * self.map.density))
        cv2.polylines(self.image, hairs.reshape(9, 2, 2), False, dark, 1, cv2.LINE_AA, SHIFT)

    def _eye(self, ring: np.ndarray, pupil: np.ndarray) -> None:
        look = self.look
        upper, lower = smooth(ring[:5]), smooth(ring[[4, 5, 6, 7, 0]])
        lash = (18.0, 18.0, 24.0) if look.make_up else mixed(look.skin, (18, 20, 30), 0.82)
        crease = upper + (0, 0.05) * np.sin(np.linspace(0, np.pi, len(upper)))[:, None] ** 0.5
        self._line(crease, scaled(look.skin, 0.66), 0.014)

        def inside(image: np.ndarray) -> None:
            image[:] = (208, 214, 220)
            self._draw(image, UNIT_CIRCLE * _IRIS + pupil, scaled(look.eyes, 0.55))
            self._draw(image, UNIT_CIRCLE * 0.85 * _IRIS + pupil, look.eyes)
            self._draw(image, UNIT_CIRCLE * 0.42 * _IRIS + pupil, (8, 8, 10))
            self._draw(image, UNIT_CIRCLE * 0.18 * _IRIS + pupil + (0.022, 0.022), (250,) * 3)

        if abs(ring[2, 1] - ring[6, 1]) > 0.01:
            self._within(np.vstack((upper, lower)), inside)
            self._line(lower, mixed(scaled(look.skin, 0.7), (70, 60, 130), 0.25), 0.011)
        self._line(upper, lash, 0.034 if look.make_up else 0.024)

    def _draw(self, image: np.ndarray, flat: np.ndarray, colour: Colour) -> None:
        """Fill a polygon of a window's copy, see ``_within``."""
        points = polygon(self.map.places(flat) - self._corner)
        cv2.fillPoly(image, [points], colour, cv2.LINE_AA, SHIFT)

    def _within(self, ring: np.ndarray, draw: Callable[[np.ndarray], None]) -> None:
        """Blend what ``draw`` makes of the window around a ring into the ring's inside."""
        places = self.map.places(ring)
        left, top = np.maximum(np.floor(places.min(axis=0)).astype(int) - 1, 0)
        right, bottom = np.ceil(places.max(axis=0)).astype(int) + 2
        window = self.image[top:bottom, left:right]
        self._corner = np.array((left, top))
        inside = window.copy()
        draw(inside)
        cover = np.zeros(window.shape[:2], np.uint8)
        cv2.fillPoly(cover, [polygon(places - self._corner)], 255, cv2.LINE_AA, SHIFT)
        share = cover * np.float32(1 / 255)
        window[:] = cv2.blendLinear(inside, window, share, 1 - share)
