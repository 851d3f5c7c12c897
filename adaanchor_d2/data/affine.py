"""From a person box to a crop and back: one affine map, its exact inverse, one warp.

All coordinates are continuous pixels, (x, y), the centre of the pixel in column c at c + 0.5.
An affine map is a float64 array (2, 3): ``point -> matrix[:, :2] @ point + matrix[:, 2]``.
"""

import math
from typing import NamedTuple

import cv2
import numpy as np


class CropRegion(NamedTuple):
    """The part of the image that fills the crop: centre and size in image pixels."""

    center_x: float
    center_y: float
    width: float
    height: float

    def scaled(self, factor: float) -> "CropRegion":
        return self._replace(width=self.width * factor, height=self.height * factor)


def fit_region(
    center: tuple[float, float], size: tuple[float, float], aspect_ratio: float, padding: float
) -> CropRegion:
    """Extend ``size`` (width, height) to ``aspect_ratio`` (width / height), then by ``padding``."""
    width = max(size[0], size[1] * aspect_ratio) * padding
    return CropRegion(*center, width, width / aspect_ratio)


def box_to_region(box, aspect_ratio: float, padding: float) -> CropRegion:
    """Return the region of a person box (x1, y1, x2, y2); the box centre is its centre."""
    x1, y1, x2, y2 = box
    return fit_region(((x1 + x2) / 2, (y1 + y2) / 2), (x2 - x1, y2 - y1), aspect_ratio, padding)


def crop_affines(
    region: CropRegion, crop_size: tuple[int, int], rotation: float = 0.0, flip: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Return the maps image -> crop and crop -> image, each (2, 3), the one inverse to the other.

    The region's centre goes to the crop's centre (W / 2, H / 2). Scaling, rotation and mirroring
    are composed into the one map.

    Args:
        region: of the crop's aspect ratio.
        crop_size: (H, W) in pixels.
        rotation: degrees; a positive one turns the content of the crop anticlockwise, as seen.
        flip: mirror left and right, after the rotation.
    """
    height, width = crop_size
    scale = width / region.width
    cos, sin = math.cos(math.radians(rotation)), math.sin(math.radians(rotation))
    mirror = -1.0 if flip else 1.0
    forward = (mirror * cos * scale, mirror * sin * scale, -sin * scale, cos * scale)
    backward = (mirror * cos / scale, -sin / scale, mirror * sin / scale, cos / scale)
    image_center, crop_center = region[:2], (width / 2, height / 2)
    return (
        _map_through(forward, image_center, crop_center),
        _map_through(backward, crop_center, image_center),
    )


def _map_through(linear, source, target) -> np.ndarray:
    """The affine map with this linear part (row by row) that takes ``source`` to ``target``."""
    a, b, c, d = linear
    (x, y), (u, v) = source, target
    return np.array([[a, b, u - a * x - b * y], [c, d, v - c * x - d * y]])


def apply_affine(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Map points (..., 2) and return them in the same shape, float64."""
    return points @ matrix[:, :2].T + matrix[:, 2]


def warp_image(
    image: np.ndarray,
    crop_to_image: np.ndarray,
    crop_size: tuple[int, int],
    interpolation: int = cv2.INTER_LINEAR,
) -> np.ndarray:
    """Sample a crop (H, W[, C]) from ``image``, bilinearly by default, 0 where it leaves the image.

    OpenCV counts pixels by index (centres at whole numbers), hence the half pixels here.
    """
    a, b, x, c, d, y = crop_to_image.ravel().tolist()
    by_index = np.array([[a, b, x + (a + b) / 2 - 0.5], [c, d, y + (c + d) / 2 - 0.5]])
    return cv2.warpAffine(
        image,
        by_index,
        (crop_size[1], crop_size[0]),
        flags=interpolation | cv2.WARP_INVERSE_MAP,
    )
