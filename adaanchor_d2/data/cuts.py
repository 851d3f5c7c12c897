"""A picture's border through a person: beyond it nothing is seen, and the person's box ends there.

Places are continuous image pixels.
"""

from dataclasses import dataclass

import numpy as np

from .affine import apply_affine

_SIDES = ("left", "top", "right", "bottom")


@dataclass(frozen=True)
class Cut:
    """A border through a person.

    Attributes:
        box: (x1, y1, x2, y2), what is left of the person's.
        side: "left", "top", "right" or "bottom", what is cut off.
        hidden_fraction: the share of the measured box that is cut off.
    """

    box: tuple[float, float, float, float]
    side: str
    hidden_fraction: float

    @property
    def _number(self) -> int:
        return _SIDES.index(self.side)

    def hides(self, points: np.ndarray) -> np.ndarray:
        """Return for points (..., 2) whether they are beyond the border."""
        away = np.asarray(points)[..., self._number % 2] - self.box[self._number]
        return away < 0 if self._number < 2 else away >= 0

    def paint(self, image: np.ndarray, image_to_sample: np.ndarray) -> np.ndarray:
        """Return a copy of a sample's image (H, W, 3), black beyond the border.

        Args:
            image_to_sample: (2, 3), without rotation.
        """
        axis = self._number % 2
        corner = self.box[:2] if self._number < 2 else self.box[2:]
        border = float(apply_affine(image_to_sample, np.array(corner))[axis])
        border = int(np.clip(round(border), 0, image.shape[1 - axis]))
        beyond = slice(None, border) if self._number < 2 else slice(border, None)
        image = image.copy()
        image[(slice(None), beyond) if axis == 0 else beyond] = 0
        return image


def plan_cut(box: tuple, shown_box: tuple, fraction: float, rng: np.random.Generator) -> Cut:
    """Choose a side by chance and cut off a share there.

    Args:
        box: (x1, y1, x2, y2) of the person.
        shown_box: its part inside the image, of which ``fraction`` is to be cut off.
    """
    number = int(rng.integers(len(_SIDES)))
    near, far = shown_box[number], shown_box[(number + 2) % 4]
    rest = list(box)
    rest[number] = near + fraction * (far - near)
    return Cut(tuple(rest), _SIDES[number], fraction)
