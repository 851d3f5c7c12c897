"""What the mappers' samples are made of: the image as a tensor, keypoints moved to it."""

import cv2
import numpy as np
import torch

from ..errors import InputError
from .affine import apply_affine

# Planes of the model's image, as channels of OpenCV's BGR.
_CHANNEL_ORDERS = {"BGR": (0, 1, 2), "RGB": (2, 1, 0)}


def get_channel_order(image_format: str) -> tuple[int, int, int]:
    """Return the planes of an image in ``INPUT.FORMAT`` as channels of OpenCV's BGR."""
    if image_format not in _CHANNEL_ORDERS:
        raise InputError(f"INPUT.FORMAT is '{image_format}', but must be RGB or BGR.")
    return _CHANNEL_ORDERS[image_format]


def image_to_tensor(image: np.ndarray, channel_order: tuple[int, int, int]) -> torch.Tensor:
    """(H, W, 3) uint8 BGR -> (3, H, W) in the wanted order, in one pass over the pixels."""
    planes = np.empty((3, *image.shape[:2]), np.uint8)
    cv2.split(image, [planes[i] for i in channel_order])
    return torch.from_numpy(planes)


def move_keypoints(
    keypoints: np.ndarray, affine: np.ndarray, flip_indices: list[int] | None = None
) -> np.ndarray:
    """Move keypoints (..., K, 3), x, y and v, by a map (2, 3); v and outside points are kept.

    Args:
        flip_indices: the skeleton's where the map mirrors: left and right change. None: it does
            not.
    """
    moved = keypoints[..., flip_indices, :] if flip_indices is not None else keypoints.copy()
    moved[..., :2] = apply_affine(affine, moved[..., :2])
    return moved
