"""Small pictures of the images, cut to their people, as data that a page can hold."""

import base64
from dataclasses import dataclass

import cv2
import numpy as np

from ..data.image_reader import read_image

LONGEST_SIDE_PX = 400
_JPEG_QUALITY = 70
# A card shows the square around a person's box, wider by this part of its side all around. (The
# page's script does the same.)
_MARGIN = 0.18


@dataclass(frozen=True)
class Thumbnail:
    """A part of an image, made smaller.

    Attributes:
        jpeg: base64.
        region: (x1, y1, x2, y2) of the part, whole pixels of the image.
        image_size: (width, height) of the whole image.
    """

    jpeg: str
    region: tuple[int, int, int, int]
    image_size: tuple[int, int]


def make_thumbnail(path: str, boxes: np.ndarray) -> Thumbnail:
    """Read an image and cut it to the boxes (n, 4; x1, y1, x2, y2) of its people.

    Raises:
        InputError: the image is missing or broken.
    """
    image = read_image(path)
    height, width = image.shape[:2]
    x1, y1, x2, y2 = region = _region(boxes, width, height)
    part = image[y1:y2, x1:x2]
    scale = min(1.0, LONGEST_SIDE_PX / max(part.shape[:2]))
    size = max(1, round((x2 - x1) * scale)), max(1, round((y2 - y1) * scale))
    small = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    _, jpeg = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return Thumbnail(base64.b64encode(jpeg.tobytes()).decode(), region, (width, height))


def _region(boxes: np.ndarray, width: int, height: int) -> tuple[int, int, int, int]:
    """What the cards show of the image; the whole image where the boxes lie outside of it."""
    center = (boxes[:, :2] + boxes[:, 2:]) / 2
    half_side = (0.5 + _MARGIN) * (boxes[:, 2:] - boxes[:, :2]).max(axis=1, keepdims=True)
    low = np.floor((center - half_side).min(axis=0))
    high = np.ceil((center + half_side).max(axis=0))
    x1, y1 = np.clip(low, 0, (width, height)).astype(int).tolist()
    x2, y2 = np.clip(high, 0, (width, height)).astype(int).tolist()
    return (x1, y1, x2, y2) if x2 > x1 and y2 > y1 else (0, 0, width, height)
