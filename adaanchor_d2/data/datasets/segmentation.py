"""COCO's segmentations as masks: polygons and run lengths, read by pycocotools."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from pycocotools import mask as coco_mask

_MIN_POLYGON_NUMBERS = 6  # three corners


def segmentation_problem(segmentation: Any, height: int, width: int) -> str | None:
    """Say what keeps a segmentation of an image of this size (pixels) from being read.

    Polygons are a list of flat lists x, y, x, y, ...; run lengths a dict ``{"size", "counts"}``
    with a list of counts or their compressed form. None and an empty list are no segmentation,
    and right.
    """
    if segmentation is None or isinstance(segmentation, list):
        good = all(map(_is_polygon, segmentation or ()))
        return None if good else "has polygons that are not lists of at least three points x, y"
    if not isinstance(segmentation, dict) or not {"size", "counts"} <= segmentation.keys():
        return "is neither polygons nor run lengths with 'size' and 'counts'"
    if segmentation["size"] not in ([height, width], (height, width)):
        return f"has size {segmentation['size']!r}, not height {height} and width {width}"
    counts = segmentation["counts"]
    if isinstance(counts, str | bytes):
        return None if counts else "has empty counts"
    if not (isinstance(counts, list) and all(isinstance(c, int) and c >= 0 for c in counts)):
        return "has counts that are neither text nor whole numbers from 0 on"
    if sum(counts) != height * width:
        return f"has counts that sum up to {sum(counts)}, not to {height} x {width} pixels"
    return None


def _is_polygon(polygon: Any) -> bool:
    if not isinstance(polygon, list) or len(polygon) < _MIN_POLYGON_NUMBERS or len(polygon) % 2:
        return False
    try:
        return all(map(math.isfinite, polygon))
    except (TypeError, OverflowError):
        return False


def regions_mask(regions: Iterable[tuple[Any, list[float]]], height: int, width: int) -> np.ndarray:
    """Return the union of regions as a mask (H, W) uint8 of 0 and 1.

    Pixel (row, column) is the square from (column, row) to (column + 1, row + 1) in the regions'
    coordinates, as COCO has it.

    Args:
        regions: pairs (segmentation, box x, y, width, height); the box counts where the
            segmentation is None or empty. Segmentations without a ``segmentation_problem``.
        height, width: of the image, pixels.

    Raises:
        ValueError: compressed counts that do not unfold to the image's size.
    """
    runs: list[dict] = []
    for segmentation, box in regions:
        runs += _run_lengths(segmentation, box, height, width)
    if not runs:
        return np.zeros((height, width), np.uint8)
    return coco_mask.decode(coco_mask.merge(runs))


def _run_lengths(segmentation: Any, box: list[float], height: int, width: int) -> list[dict]:
    if not segmentation:
        return coco_mask.frPyObjects(np.array([box], float), height, width)
    if isinstance(segmentation, list):
        return coco_mask.frPyObjects(segmentation, height, width)
    if isinstance(segmentation["counts"], list):
        return [coco_mask.frPyObjects(segmentation, height, width)]
    return [segmentation]
