"""What the writer of synthetic data sets has to know of a layout."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True)
class DataSetInfo:
    """What was asked for: size of the pictures (pixels), seed and options."""

    width: int
    height: int
    seed: int
    options: Any


@dataclass(frozen=True)
class Layout:
    """A data set's official files.

    Attributes:
        name: what the command line calls it.
        description: what is drawn and how it is written, for the command's help.
        default_size: width and height of a picture, pixels.
        entries: names in the data set's folder; nothing else may be replaced.
        options: the dataclass of the drawing's options.
        draw: (rng, width, height, options) -> a picture (H, W, 3) uint8 BGR and what is
            annotated in it.
        image_path: (split, index) -> where a picture goes below the data set's folder; split is
            "train" or "val".
        write_annotations: (folder, split, what is annotated in each picture, info).
    """

    name: str
    description: str
    default_size: tuple[int, int]
    entries: tuple[str, ...]
    options: type
    draw: Callable[[np.random.Generator, int, int, Any], tuple[np.ndarray, list]]
    image_path: Callable[[str, int], str]
    write_annotations: Callable[[Path, str, list[list], DataSetInfo], None]


VAL_IMAGE_IDS_FROM = 10_000_000


def image_id(split: str, index: int) -> int:
    """Return a number that is distinct over the splits, from 1 on, as image ids are in COCO."""
    return index + 1 + (VAL_IMAGE_IDS_FROM if split == "val" else 0)
