"""Writes a synthetic data set in a layout: pictures by several processes, then annotations.

Picture i of a split depends on nothing but the seed, the split, i and the options, so that any
number of worker processes writes the same files.
"""

import multiprocessing
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from ...errors import InputError
from .layout import VAL_IMAGE_IDS_FROM, DataSetInfo, Layout

_SPLITS = {"train": 0, "val": 1}
_JPEG_QUALITY = (60, 96)
_SMALLEST_SIDE = 64
_LARGEST_CHUNK = 32  # pictures sent to a worker process at once


def write_data_set(
    layout: Layout,
    output_dir: str | os.PathLike,
    num_train: int,
    num_val: int,
    info: DataSetInfo,
    workers: int,
    overwrite: bool,
) -> None:
    """Write a data set; it is complete or not there at all.

    Everything is written beside ``output_dir`` and moved there at the end, so that an interrupted
    run leaves no half data set.

    Args:
        layout: what is drawn and how it is written.
        output_dir: becomes the folder with ``layout.entries``.
        num_train: pictures for training.
        num_val: pictures for validation.
        info: size, seed and options.
        workers: processes that draw.
        overwrite: replace a data set that is already there.

    Raises:
        InputError: when a number is out of range or the folder cannot be written.
    """
    _check_numbers(num_train, num_val, info, workers)
    output = Path(output_dir).resolve()
    _check_output(output, layout, overwrite)
    partial_output = output.with_name(f".{output.name}.partial-{os.getpid()}")
    try:
        partial_output.mkdir(parents=True)
        with _mapper(workers) as map_indices:
            for split, count in (("train", num_train), ("val", num_val)):
                paths = (partial_output / layout.image_path(split, i) for i in range(count))
                for folder in {path.parent for path in paths}:
                    folder.mkdir(parents=True, exist_ok=True)
                draw = partial(_write_image, layout, partial_output, split, info)
                layout.write_annotations(partial_output, split, map_indices(draw, count), info)
        if output.exists():
            shutil.rmtree(output)
        partial_output.rename(output)
    except OSError as error:
        raise InputError(
            f"{error.filename or output} cannot be written: {error.strerror}."
        ) from error
    finally:
        shutil.rmtree(partial_output, ignore_errors=True)


def _check_numbers(num_train: int, num_val: int, info: DataSetInfo, workers: int) -> None:
    checks = (
        ("num_train", num_train, 0),
        ("num_val", num_val, 0),
        ("width", info.width, _SMALLEST_SIDE),
        ("height", info.height, _SMALLEST_SIDE),
        ("seed", info.seed, 0),
        ("workers", workers, 1),
    )
    for name, value, least in checks:
        if value < least:
            raise InputError(f"{name} must be at least {least}, not {value}.")
    if num_train >= VAL_IMAGE_IDS_FROM:
        raise InputError(f"num_train must be below {VAL_IMAGE_IDS_FROM}, not {num_train}.")


def _check_output(output: Path, layout: Layout, overwrite: bool) -> None:
    """Refuse to touch anything but an empty folder or, when asked, an earlier data set."""
    if not output.exists():
        return
    if not output.is_dir():
        raise InputError(f"{output} is a file, not a folder to write a data set into.")
    entries = sorted(entry.name for entry in output.iterdir())
    if entries and not overwrite:
        raise InputError(f"{output} is not empty; pass --overwrite to replace the data set in it.")
    foreign = set(entries) - set(layout.entries)
    if foreign:
        raise InputError(
            f"{output} is not replaced because it holds '{min(foreign)}', "
            f"which is no part of a synthetic data set in the layout {layout.name}."
        )


@contextmanager
def _mapper(workers: int) -> Iterator[Callable]:
    """Yield a function ``(draw, count) -> [draw(0), ..., draw(count - 1)]``."""
    if workers == 1:
        yield lambda draw, count: [draw(index) for index in range(count)]
        return
    # Workers are forked, where that is safe, because importing everything anew takes seconds;
    # OpenCV's threads, which would not survive that, are ended before.
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else None)
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        with ProcessPoolExecutor(workers, context, cv2.setNumThreads, (1,)) as pool:
            yield lambda draw, count: list(
                pool.map(
                    draw, range(count), chunksize=min(_LARGEST_CHUNK, count // (4 * workers) + 1)
                )
            )
    finally:
        cv2.setNumThreads(threads)


def _write_image(layout: Layout, output: Path, split: str, info: DataSetInfo, index: int) -> list:
    """Draw and write one picture; return what is annotated in it."""
    rng = np.random.default_rng((info.seed, _SPLITS[split], index))
    image, annotations = layout.draw(rng, info.width, info.height, info.options)
    quality = int(rng.integers(*_JPEG_QUALITY))
    _, encoded = cv2.imencode(".jpg", image, (cv2.IMWRITE_JPEG_QUALITY, quality))
    (output / layout.image_path(split, index)).write_bytes(encoded.tobytes())
    return annotations
