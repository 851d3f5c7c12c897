"""The light on a scene with faces, and the camera's blur."""

from dataclasses import dataclass

import cv2
import numpy as np

from .attributes import BLUR_SPANS
from .head import Light

_LONGEST_SIGMA = 2.6  # of a movement that an 11 x 11 kernel holds, pixels
STRANGE_LIGHTS = ("dark", "side", "burnt")


@dataclass(frozen=True)
class SceneLight:
    """The light of a picture.

    Attributes:
        kind: "plain" or one of ``STRANGE_LIGHTS``.
        on_faces: what it does to faces.
        brightness: (3,) factors (B, G, R) on the whole picture.
    """

    kind: str
    on_faces: Light
    brightness: np.ndarray


def random_light(rng: np.random.Generator, strange_probability: float) -> SceneLight:
    """Return plain light from in front and above, or strange light."""
    u = rng.uniform
    strange = rng.random() < strange_probability
    kind = STRANGE_LIGHTS[int(rng.integers(len(STRANGE_LIGHTS)))] if strange else "plain"
    warmth = u(-0.07, 0.07)
    tint = np.array((1 - warmth, 1.0, 1 + warmth))
    direction, ambient, direct, brightness = (
        np.array((u(-0.6, 0.6), u(0, 0.8), 1.0)),
        0.5,
        0.58,
        1.0,
    )
    if kind == "dark":
        brightness = u(0.22, 0.38)
    elif kind == "side":
        direction = np.array((rng.choice((-1, 1)), u(-0.1, 0.5), u(-0.35, 0.1)))
        ambient, direct = u(0.12, 0.26), u(0.9, 1.15)
    elif kind == "burnt":
        ambient, direct, brightness = u(0.55, 0.7), u(1.0, 1.3), 1.1
    else:
        brightness = u(0.8, 1.1)
    light = Light(
        direction / np.linalg.norm(direction),
        np.full(3, ambient),
        direct * (2 - tint if kind == "side" else tint),
        u(0.1, 1.0),
    )
    return SceneLight(kind, light, brightness * tint)


@dataclass(frozen=True)
class Blur:
    """A camera's blur.

    Attributes:
        sigma: standard deviation, pixels (along the movement).
        movement: (2,) unit vector when the camera moved; None when it is out of focus.
    """

    sigma: float
    movement: np.ndarray | None

    def is_strong(self, span_px: float) -> bool:
        """Whether a face with such an eye span looks blurred."""
        return self.sigma >= BLUR_SPANS * span_px

    def apply(self, image: np.ndarray) -> np.ndarray:
        """Return the blurred picture; nothing moves."""
        if self.sigma < 0.3:
            return image
        if self.movement is None:
            return cv2.GaussianBlur(image, (0, 0), self.sigma)
        passes = int(np.ceil((self.sigma / _LONGEST_SIGMA) ** 2))
        kernel = _line_kernel(self.sigma / np.sqrt(passes), self.movement)
        for _ in range(passes):
            image = cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_REFLECT)
        return image


def _line_kernel(sigma: float, direction: np.ndarray) -> np.ndarray:
    """Return an 11 x 11 kernel of an even line through its middle with a standard deviation."""
    places = np.linspace(-0.5, 0.5, 64)[:, None] * (sigma * np.sqrt(12)) * direction + 5
    low = np.floor(places).astype(int)
    x, y = (places - low).T
    kernel = np.zeros((11, 11), np.float32)
    for dx, dy in ((0, 0), (1, 0), (0, 1), (1, 1)):
        share = (x if dx else 1 - x) * (y if dy else 1 - y)
        np.add.at(kernel, (low[:, 1] + dy, low[:, 0] + dx), share)
    return kernel / kernel.sum()


def random_blur(rng: np.random.Generator, probability: float, span_px: float) -> Blur:
    """Return a camera's usual softness or, with a probability, blur for faces of an eye span."""
    if rng.random() >= probability:
        return Blur(rng.uniform(0.0, 0.6 * BLUR_SPANS) * span_px, None)
    sigma = rng.uniform(1.05, 2.8) * BLUR_SPANS * span_px
    if rng.random() < 0.65:
        return Blur(sigma, None)
    angle = rng.uniform(0, np.pi)
    return Blur(sigma, np.array((np.cos(angle), np.sin(angle))))
