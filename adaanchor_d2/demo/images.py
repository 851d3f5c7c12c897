"""The images that a command line names: files, folders, patterns."""

import glob
import logging
import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ..data.image_reader import read_image
from ..errors import InputError

SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
VIDEO_SUFFIXES = (
    *(".avi", ".flv", ".gif", ".m4v", ".mkv", ".mov", ".mp4"),
    *(".mpeg", ".mpg", ".ts", ".webm", ".wmv"),
)

logger = logging.getLogger(__name__)


class Frame(NamedTuple):
    """An image to find people in.

    Attributes:
        name: ``file_name`` in results.
        image_id: in results.
        image: (H, W, 3) uint8, BGR.
    """

    name: str
    image_id: int
    image: np.ndarray


class ImageSource:
    """Iterates over image files. One that cannot be decoded is named, counted and left out.

    Images are turned by their EXIF orientation, as viewers show them.

    Attributes:
        paths: of the files.
        names: their paths below the folder that all of them share.
        image_ids: the numbers that the files are named by, where all are and all differ, as in
            COCO; else they count from 0.
        num_frames: how many they are.
        unreadable: names of those that could not be decoded so far.
    """

    def __init__(self, inputs: Sequence[str]) -> None:
        """
        Args:
            inputs: files, folders (their images, not those of folders in them) and glob patterns.

        Raises:
            InputError: one that names no image.
        """
        paths: dict[str, str] = {}
        for path in (path for item in inputs for path in _find_images(item)):
            paths.setdefault(os.path.realpath(path), path)
        self.paths = list(paths.values())
        absolute = [os.path.abspath(path) for path in self.paths]
        self.folder = os.path.commonpath([os.path.dirname(path) for path in absolute])
        self.names = [os.path.relpath(path, self.folder) for path in absolute]
        self.image_ids = _image_ids(self.names)
        self.num_frames = len(self.paths)
        self.unreadable: list[str] = []

    def __iter__(self) -> Iterator[Frame]:
        for path, name, image_id in zip(self.paths, self.names, self.image_ids, strict=True):
            try:
                image = read_image(path, upright=True)
            except InputError as error:
                logger.warning("%s It is left out.", error)
                self.unreadable.append(name)
            else:
                yield Frame(name, image_id, image)


def _find_images(item: str) -> list[str]:
    if os.path.isfile(item):
        if item.lower().endswith(VIDEO_SUFFIXES):
            raise InputError(f"--input {item} is a video: give it to --video-input.")
        return [item]
    if os.path.isdir(item):
        return _images_of_folder(item)
    paths = sorted(path for path in glob.glob(item, recursive=True) if os.path.isfile(path))
    if not paths:
        raise InputError(f"--input {item} is no file and no folder, and matches no file.")
    videos = [path for path in paths if path.lower().endswith(VIDEO_SUFFIXES)]
    if videos:
        raise InputError(f"--input {item} matches the video {videos[0]}: give it to --video-input.")
    return paths


def _images_of_folder(folder: str) -> list[str]:
    files = sorted(entry.path for entry in os.scandir(folder) if entry.is_file())
    paths = [path for path in files if path.lower().endswith(SUFFIXES)]
    if not paths:
        raise InputError(
            f"--input {folder} is a folder without images ({', '.join(SUFFIXES)}); for those in "
            f"its folders give the pattern '{os.path.join(folder, '**', '*.jpg')}'."
        )
    if len(paths) < len(files):
        logger.info("%s: %d files that are no images.", folder, len(files) - len(paths))
    return paths


def _image_ids(names: Sequence[str]) -> list[int]:
    stems = [os.path.splitext(os.path.basename(name))[0] for name in names]
    if all(stem.isascii() and stem.isdigit() for stem in stems):
        numbers = [int(stem) for stem in stems]
        if len(set(numbers)) == len(numbers):
            return numbers
    return list(range(len(names)))
