"""The picture being painted: colours, and beside them the layer that lies on top at each pixel.

Backgrounds and things are painted at once. Cloth and skin only leave the number of their layer;
``finish`` colours all pixels of all such layers together, which costs far less than one at a time.

Places are continuous pixel coordinates (x, y); the centre of column c is at c + 0.5. Polygons are
those of ``polygons``.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from .polygons import SHIFT, rectangle
from .textures import PATTERN_SIDE, Colour, texture_pool

NOBODY = 0
_WARP = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP


@dataclass(frozen=True)
class Cloth:
    """A surface of two colours.

    Attributes:
        dark, light: colours where the pattern is 0 and where it is 255.
        pattern: index into the texture pool's patterns.
        scale: how much larger than usual the pattern is.
        offset: where the pattern starts, texture pixels.
        relief: how much darker the deepest folds are, a part of 1.
        roundness: how much darker than its middle an edge is, a part of 1.
    """

    dark: Colour
    light: Colour
    pattern: int = 0
    scale: float = 1.0
    offset: float = 0.0
    relief: float = 0.3
    roundness: float = 0.5

    def numbers(self) -> tuple[float, ...]:
        """Return the last columns of ``Canvas._cloth_rows``."""
        (a, b, c), (d, e, f) = self.dark, self.light
        return (
            self.offset,
            self.roundness,
            self.relief / 255,
            self.pattern * PATTERN_SIDE**2,
            *(a, b, c),
            *((d - a) / 255, (e - b) / 255, (f - c) / 255),
        )


class Canvas:
    """A picture and its layers; whatever is painted hides what was painted before.

    Attributes:
        image: (H, W, 3) uint8, BGR; complete after ``finish``.
        layers: (H, W) uint16, the layer on top; 0 is what belongs to nobody.
    """

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.image = np.zeros((height, width, 3), np.uint8)
        self.layers = np.zeros((height, width), np.uint16)
        self._codes = [NOBODY]
        self._cloth_rows = [np.zeros((1, 18))]  # blocks of rows, one row for each layer
        self._is_cloth = [False]

    def _new_layer(self, code: int) -> int:
        """Return the number of a new layer that is coloured at once."""
        self._codes.append(code)
        self._is_cloth.append(False)
        self._cloth_rows.append(self._cloth_rows[0])
        return len(self._codes) - 1

    @property
    def num_layers(self) -> int:
        """The number that the next layer gets; later layers have larger ones."""
        return len(self._codes)

    def labels(self) -> np.ndarray:
        """Return (H, W) uint16 codes of what lies on top, as given by those who painted it."""
        return self.codes_of(self.layers)

    def codes_of(self, layers: np.ndarray) -> np.ndarray:
        """Return the uint16 codes of layers."""
        return np.array(self._codes, np.uint16).take(layers)

    def window(self, polygon: np.ndarray) -> tuple[int, int, int, int] | None:
        """Return left, top, right, bottom of the pixels around a polygon, None when outside."""
        x, y, width, height = cv2.boundingRect(polygon)
        left, top = max(0, (x >> SHIFT) - 1), max(0, (y >> SHIFT) - 1)
        right = min(self.width, ((x + width) >> SHIFT) + 3)
        bottom = min(self.height, ((y + height) >> SHIFT) + 3)
        return (left, top, right, bottom) if left < right and top < bottom else None

    def fill(self, polygon: np.ndarray, colour: Colour, code: int = NOBODY) -> None:
        """Fill a polygon with one colour."""
        layer = self._new_layer(code) if code != NOBODY else 0
        smooth = cv2.LINE_AA if len(self._codes) == 1 else cv2.LINE_8  # see smooth_edges
        cv2.fillPoly(self.image, [polygon], colour, smooth, SHIFT)
        cv2.fillPoly(self.layers, [polygon], layer, cv2.LINE_8, SHIFT)

    def draw(self, polygon: np.ndarray, colour: Colour) -> None:
        """Fill a polygon without changing the layers: details on what was just painted."""
        cv2.fillPoly(self.image, [polygon], colour, cv2.LINE_AA, SHIFT)

    def line(self, points: np.ndarray, colour: Colour, closed: bool = False) -> None:
        """Draw a thin line through a polygon's points without changing the layers."""
        cv2.polylines(self.image, [points], closed, colour, 1, cv2.LINE_AA, SHIFT)

    def new_cloth_layers(
        self,
        across: np.ndarray,
        along: np.ndarray,
        columns: np.ndarray,
        light: np.ndarray,
        cloths: list[Cloth],
        codes: list[int],
    ) -> int:
        """Make L layers of cloth, to be laid with ``cover``; return the number of the first.

        Args:
            across: (L, 3) numbers a, b, c; a x + b y + c is -1 at one edge and 1 at the other.
            along: (L, 3) likewise the distance from one end in texture rows.
            columns: (L,) texture columns between the two edges.
            light: (L,) where between the edges the lightest place is, -1 to 1.
            cloths: the L cloths.
            codes: the L labels.
        """
        first = len(self._codes)
        finer = np.array([1 / cloth.scale for cloth in cloths])
        rows = np.empty((len(cloths), 18))
        rows[:, :3] = across
        rows[:, 3:6] = along * finer[:, None]
        rows[:, 6] = 0.5 * columns * finer
        rows[:, 7] = 0.35 * light
        rows[:, 8:] = [cloth.numbers() for cloth in cloths]
        self._cloth_rows.append(rows)
        self._codes += codes
        self._is_cloth += [True] * len(codes)
        return first

    def cover(self, convex_polygon: np.ndarray, layer: int) -> None:
        """Lay a layer made by ``new_cloth_layers`` over a polygon."""
        cv2.fillConvexPoly(self.layers, convex_polygon, layer, cv2.LINE_8, SHIFT)

    def stamp(
        self, source: np.ndarray, left: int, top: int, covers: list[tuple[np.ndarray, int]]
    ) -> None:
        """Copy ``source`` (h, w, 3) to where one of the masks is set.

        ``covers`` are (mask (h, w) bool, code) pairs.
        """
        rows, columns = slice(top, top + source.shape[0]), slice(left, left + source.shape[1])
        for mask, code in covers:
            cv2.copyTo(source, mask.view(np.uint8), self.image[rows, columns])
            self.layers[rows, columns][mask] = self._new_layer(code)

    def stamp_parts(
        self, source: np.ndarray, left: int, top: int, parts: np.ndarray, codes: list[int]
    ) -> None:
        """Copy ``source`` (h, w, 3) to where ``parts`` (h, w) uint8 is a place in ``codes``."""
        rows, columns = slice(top, top + source.shape[0]), slice(left, left + source.shape[1])
        covered = (parts < len(codes)).view(np.uint8)
        layers = np.array([self._new_layer(code) for code in codes] + [0], np.uint16)
        cv2.copyTo(source, covered, self.image[rows, columns])
        cv2.copyTo(layers.take(parts), covered, self.layers[rows, columns])

    def shadow(
        self, x: float, y: float, half_width: float, half_height: float, depth: float
    ) -> None:
        """Darken a soft ellipse on the ground by up to ``depth`` (a part of 1)."""
        window = self.window(
            rectangle(x - half_width, y - half_height, x + half_width, y + half_height)
        )
        if window is None:
            return
        left, top, right, bottom = window
        disc = texture_pool().soft_disc
        side = disc.shape[0]
        a, b = 0.5 * side / half_width, 0.5 * side / half_height
        columns, rows = (
            0.5 * side - 0.5 - a * (x - left - 0.5),
            0.5 * side - 0.5 - b * (y - top - 0.5),
        )
        matrix = np.array(((a, 0, columns), (0, b, rows)))
        cover = cv2.warpAffine(disc, matrix, (right - left, bottom - top), flags=_WARP)
        light = cv2.cvtColor(cv2.convertScaleAbs(cover, alpha=-depth, beta=255), cv2.COLOR_GRAY2BGR)
        target = self.image[top:bottom, left:right]
        target[:] = cv2.multiply(target, light, scale=1 / 255)

    def finish(self) -> None:
        """Colour the cloth and soften the steps along borders; called once, at the end."""
        self._colour_cloth()
        self._smooth_edges()

    def _colour_cloth(self) -> None:
        places = cv2.findNonZero(self.layers)
        if places is None:
            return
        x, y = np.ascontiguousarray(places.reshape(-1, 2).T)
        pixels = y * self.width + x
        row = self.layers.ravel()[pixels]
        if not all(self._is_cloth[1:]):
            cloth = np.flatnonzero(np.array(self._is_cloth)[row])
            x, y, pixels, row = x[cloth], y[cloth], pixels[cloth], row[cloth]
        table = np.concatenate(self._cloth_rows).astype(np.float32).T.copy()

        def value(column: int) -> np.ndarray:
            return table[column].take(row)

        x, y = x + np.float32(0.5), y + np.float32(0.5)
        across = value(0) * x + value(1) * y + value(2)
        along = value(3) * x + value(4) * y + value(5)
        wrap, offset = PATTERN_SIDE - 1, value(8)
        column = (across * value(6) + offset).astype(np.int32) & wrap
        place = ((along + offset).astype(np.int32) & wrap) * PATTERN_SIDE + column
        pool = texture_pool()
        pattern = pool.patterns.ravel().take(place + value(11).astype(np.int32))
        shade = np.float32(1.05) - value(9) * np.square(across - value(7))
        shade *= 1 - value(10) * pool.folds.ravel().take(place)
        np.maximum(shade, np.float32(0.3), out=shade)
        colour = np.empty((len(row), 3), np.uint8)
        for channel in range(3):
            level = (value(12 + channel) + value(15 + channel) * pattern) * shade
            np.minimum(level, 255, out=colour[:, channel], casting="unsafe")
        self.image.reshape(-1, 3)[pixels] = colour

    def _smooth_edges(self) -> None:
        edges = np.zeros(self.layers.shape, np.uint8)
        across = (self.layers[:, 1:] != self.layers[:, :-1]).view(np.uint8)
        down = (self.layers[1:] != self.layers[:-1]).view(np.uint8)
        edges[:, 1:] |= across
        edges[:, :-1] |= across
        edges[1:] |= down
        edges[:-1] |= down
        cv2.copyTo(cv2.GaussianBlur(self.image, (3, 3), 0.6), edges, self.image)
