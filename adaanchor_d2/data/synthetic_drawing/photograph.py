"""What a camera does to a picture: uneven light and the sensor's grain."""

import cv2
import numpy as np

from .textures import crop, texture_pool


def apply_light(image: np.ndarray, brightness: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Multiply a picture by light that varies smoothly over it.

    Args:
        image: (H, W, 3) uint8.
        brightness: (3,) factors of B, G, R, up to 1.45.
        corners: (2, 2, 1) factors at the four corners, up to 1.1.
    """
    light = (corners * brightness * 160).astype(np.uint8)
    light = cv2.resize(light, (image.shape[1], image.shape[0]))
    return cv2.multiply(image, light, scale=1 / 160)


def add_grain(image: np.ndarray, rng: np.random.Generator, strength: float) -> np.ndarray:
    """Add sensor noise; ``strength`` 1 is a standard deviation of 25 grey levels."""
    grain = crop(texture_pool().grain, rng, *image.shape[:2])
    return cv2.addWeighted(image, 1.0, grain, strength, -128 * strength)
