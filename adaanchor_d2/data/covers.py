"""A thing in front of a person, as large as it takes to cover a given share of the person's box.

The thing is one of the synthetic pictures'. It grows around a fixed place inside the box, so a
larger share hides all that a smaller one hides. Places are continuous image pixels.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .affine import apply_affine
from .synthetic_drawing.canvas import Canvas
from .synthetic_drawing.objects import solid_thing

# The thing's middle is in the middle part of the box, this far at least from its sides (a part).
_MARGIN = 0.15
_GRID = 64  # places in each direction at which the covered share of a box is measured
_STEPS = 18  # halvings in the search for the size
_MOST_SIZE = 8.0  # diagonals of the box
_FORM_SIDE, _FORM_SIZE = 256, 55  # picture from which the thing's form is read, pixels


@dataclass(frozen=True)
class Thing:
    """What is drawn, without its place and size: equal seeds draw equal things."""

    seed: int

    def draw(self, canvas: Canvas, x: float, y: float, size: float) -> None:
        rng = np.random.default_rng(self.seed)
        solid_thing(rng)(canvas, rng, x, y, size)
        canvas.finish()

    @property
    def form(self) -> np.ndarray:
        """(S, S) bool, where the thing of ``_FORM_SIZE`` around the middle is."""
        return _form_of(self)


@lru_cache(maxsize=1024)  # A person's thing is the same at every fraction.
def _form_of(thing: Thing) -> np.ndarray:
    pictures = []
    for background in (0, 255):
        canvas = Canvas(_FORM_SIDE, _FORM_SIDE)
        canvas.image[:] = background
        thing.draw(canvas, _FORM_SIDE / 2, _FORM_SIDE / 2, _FORM_SIZE)
        pictures.append(canvas.image[..., 1].astype(int))
    # What of the background is still seen: 0 behind the thing, 255 beside it.
    return pictures[1] - pictures[0] < 128


@dataclass(frozen=True)
class Cover:
    """A thing of a size at a place before a box.

    Attributes:
        box: (x1, y1, x2, y2) of the person; a cover does not change it.
        hidden_fraction: the share of the measured box that is covered.
    """

    box: tuple[float, float, float, float]
    thing: Thing
    center: tuple[float, float]
    size: float
    hidden_fraction: float

    def hides(self, points: np.ndarray) -> np.ndarray:
        """Return for points (..., 2) whether the thing is before them."""
        return _is_before(self.thing.form, (points - self.center) / self.size)

    def paint(self, image: np.ndarray, image_to_sample: np.ndarray) -> np.ndarray:
        """Return a copy of a sample's image (H, W, 3), BGR, with the thing drawn on it.

        Args:
            image_to_sample: (2, 3), without rotation.
        """
        height, width = image.shape[:2]
        canvas = Canvas(width, height)
        canvas.image[:] = image
        scale = np.sqrt(abs(np.linalg.det(image_to_sample[:, :2])))
        x, y = apply_affine(image_to_sample, np.array(self.center)).tolist()
        self.thing.draw(canvas, x, y, self.size * scale)
        return canvas.image


def plan_cover(box: tuple, shown_box: tuple, fraction: float, rng: np.random.Generator) -> Cover:
    """Choose a thing and its place by chance, and its size by the share that it covers.

    Args:
        box: (x1, y1, x2, y2) of the person.
        shown_box: its part inside the image, of which ``fraction`` is to be covered.
    """
    x1, y1, x2, y2 = shown_box
    low, high = np.array((x1, y1)), np.array((x2, y2))
    thing = Thing(int(rng.integers(2**32)))
    center = low + rng.uniform(_MARGIN, 1 - _MARGIN, 2) * (high - low)
    steps = (np.arange(_GRID) + 0.5) / _GRID
    grid = np.stack(np.meshgrid(*(steps, steps)), axis=-1) * (high - low) + low - center

    def covered(size: float) -> float:
        return float(_is_before(thing.form, grid / size).mean())

    size = _smallest(covered, fraction, _MOST_SIZE * float(np.hypot(*(high - low))))
    return Cover(box, thing, tuple(center.tolist()), size, covered(size))


def _smallest(covered, fraction: float, most: float) -> float:
    """Return the smallest size at which ``covered``, which grows with it, reaches a fraction."""
    least = 0.0
    for _ in range(_STEPS):
        size = (least + most) / 2
        least, most = (least, size) if covered(size) >= fraction else (size, most)
    return most


def _is_before(form: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Look places (..., 2), in sizes from the middle of the thing, up in its form."""
    index = np.floor(places * _FORM_SIZE + _FORM_SIDE / 2)
    inside = ((index >= 0) & (index < _FORM_SIDE)).all(axis=-1)
    column, row = np.moveaxis(np.where(inside[..., None], index, 0).astype(int), -1, 0)
    return form[row, column] & inside
