"""Synthetic people in COCO's official layout: the benchmark that runs on any machine.

    python -m adaanchor_d2.data.synthetic --output datasets/synthetic_people

writes ``annotations/person_keypoints_{train,val}2017.json`` and ``{train,val}2017/*.jpg``. Picture
i of a split depends on nothing but the seed, the split, i and the options, so that any number of
worker processes writes the same files.
"""

import argparse
import json
import multiprocessing
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, fields
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from ..errors import InputError, run_command
from .skeletons import get_skeleton
from .synthetic_people.image import SyntheticPeopleOptions, render_image

__all__ = ["SyntheticPeopleOptions", "main", "render_image", "write_synthetic_people"]

_SPLITS = {"train": 0, "val": 1}
_VAL_IMAGE_IDS_FROM = 10_000_000  # image ids are distinct over the splits, as in COCO
_JPEG_QUALITY = (60, 96)
_SMALLEST_SIDE = 64
_LARGEST_CHUNK = 32  # pictures sent to a worker process at once


def write_synthetic_people(
    output_dir: str | os.PathLike,
    num_train: int = 4000,
    num_val: int = 500,
    width: int = 320,
    height: int = 240,
    seed: int = 0,
    workers: int = 1,
    options: SyntheticPeopleOptions | None = None,
    overwrite: bool = False,
) -> None:
    """Write a data set of synthetic people.

    Everything is written beside ``output_dir`` and moved there at the end, so that an interrupted
    run leaves no half data set.

    Args:
        output_dir: becomes the folder with ``annotations``, ``train2017`` and ``val2017``.
        num_train: pictures for training.
        num_val: pictures for validation.
        width: of a picture, pixels.
        height: of a picture, pixels.
        seed: chooses the data set.
        workers: processes that draw.
        options: how crowded and how hidden the people are.
        overwrite: replace a data set that is already there.

    Raises:
        InputError: when a number is out of range or the folder cannot be written.
    """
    _check_numbers(num_train, num_val, width, height, seed, workers)
    output = Path(output_dir).resolve()
    _check_output(output, overwrite)
    partial_output = output.with_name(f".{output.name}.partial-{os.getpid()}")
    options = options or SyntheticPeopleOptions()
    try:
        partial_output.mkdir(parents=True)
        with _mapper(workers) as map_indices:
            for split, count in (("train", num_train), ("val", num_val)):
                (partial_output / f"{split}2017").mkdir()
                draw = partial(_write_image, partial_output, seed, split, width, height, options)
                info = {"description": "Synthetic people", "seed": seed, "options": asdict(options)}
                people = map_indices(draw, count)
                content = {"info": info, **_annotation_lists(split, people, width, height)}
                _write_annotations(partial_output, split, content)
        if output.exists():
            shutil.rmtree(output)
        partial_output.rename(output)
    except OSError as error:
        raise InputError(
            f"{error.filename or output} cannot be written: {error.strerror}."
        ) from error
    finally:
        shutil.rmtree(partial_output, ignore_errors=True)


def _check_numbers(
    num_train: int, num_val: int, width: int, height: int, seed: int, workers: int
) -> None:
    checks = (
        ("num_train", num_train, 0),
        ("num_val", num_val, 0),
        ("width", width, _SMALLEST_SIDE),
        ("height", height, _SMALLEST_SIDE),
        ("seed", seed, 0),
        ("workers", workers, 1),
    )
    for name, value, least in checks:
        if value < least:
            raise InputError(f"{name} must be at least {least}, not {value}.")
    if num_train >= _VAL_IMAGE_IDS_FROM:
        raise InputError(f"num_train must be below {_VAL_IMAGE_IDS_FROM}, not {num_train}.")


def _check_output(output: Path, overwrite: bool) -> None:
    """Refuse to touch anything but an empty folder or, when asked, an earlier data set."""
    if not output.exists():
        return
    if not output.is_dir():
        raise InputError(f"{output} is a file, not a folder to write synthetic people into.")
    entries = sorted(entry.name for entry in output.iterdir())
    if entries and not overwrite:
        raise InputError(f"{output} is not empty; pass --overwrite to replace the data set in it.")
    foreign = set(entries) - {"annotations", *(f"{split}2017" for split in _SPLITS)}
    if foreign:
        raise InputError(
            f"{output} is not replaced because it holds '{min(foreign)}', "
            "which is no part of a data set of synthetic people."
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


def _image_id(split: str, index: int) -> int:
    return index + 1 + (_VAL_IMAGE_IDS_FROM if split == "val" else 0)


def _file_name(split: str, index: int) -> str:
    return f"{_image_id(split, index):012d}.jpg"


def _write_image(
    output: Path,
    seed: int,
    split: str,
    width: int,
    height: int,
    options: SyntheticPeopleOptions,
    index: int,
) -> list[dict]:
    """Draw and write one picture; return its annotations."""
    rng = np.random.default_rng((seed, _SPLITS[split], index))
    image, annotations = render_image(rng, width, height, options)
    quality = int(rng.integers(*_JPEG_QUALITY))
    _, encoded = cv2.imencode(".jpg", image, (cv2.IMWRITE_JPEG_QUALITY, quality))
    (output / f"{split}2017" / _file_name(split, index)).write_bytes(encoded.tobytes())
    return annotations


def _annotation_lists(
    split: str, people_of_images: list[list[dict]], width: int, height: int
) -> dict[str, list[dict]]:
    """Return the lists of COCO's annotation file."""
    images, annotations = [], []
    for index, people in enumerate(people_of_images):
        image_id, name = _image_id(split, index), _file_name(split, index)
        images.append(
            {"id": image_id, "file_name": name, "width": width, "height": height, "license": 1}
        )
        for person in people:
            annotations.append({"id": len(annotations) + 1, "image_id": image_id, **person})
    url = "https://www.apache.org/licenses/LICENSE-2.0"
    return {
        "licenses": [{"id": 1, "name": "Apache License 2.0", "url": url}],
        "images": images,
        "annotations": annotations,
        "categories": [person_category()],
    }


def _write_annotations(output: Path, split: str, content: dict) -> None:
    folder = output / "annotations"
    folder.mkdir(exist_ok=True)
    (folder / f"person_keypoints_{split}2017.json").write_text(json.dumps(content))


def person_category() -> dict:
    """Return COCO's person category; its skeleton counts keypoints from 1."""
    return {
        "id": 1,
        "name": "person",
        "supercategory": "person",
        "keypoints": list(get_skeleton("coco").names),
        "skeleton": [list(bone) for bone in _COCO_SKELETON],
    }


# fmt: off
_COCO_SKELETON = (
    (16, 14), (14, 12), (17, 15), (15, 13), (12, 13), (6, 12), (7, 13), (6, 7), (6, 8), (7, 9),
    (8, 10), (9, 11), (2, 3), (1, 2), (1, 3), (2, 4), (3, 5), (4, 6), (5, 7),
)
# fmt: on


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m adaanchor_d2.data.synthetic",
        description="Write synthetic people with COCO's 17 keypoints in COCO's layout.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--output", required=True, metavar="DIR", help="folder of the data set")
    parser.add_argument("--num-train", type=int, default=4000, help="pictures for training")
    parser.add_argument("--num-val", type=int, default=500, help="pictures for validation")
    parser.add_argument("--width", type=int, default=320, help="pixels")
    parser.add_argument("--height", type=int, default=240, help="pixels")
    parser.add_argument("--seed", type=int, default=0, help="chooses the data set")
    parser.add_argument("--workers", type=int, default=1, help="processes")
    parser.add_argument("--overwrite", action="store_true", help="replace an earlier data set")
    for field in fields(SyntheticPeopleOptions):
        flag = "--" + field.name.replace("_", "-")
        help_text = _OPTION_HELP[field.name]
        parser.add_argument(flag, type=type(field.default), default=field.default, help=help_text)
    return parser


_OPTION_HELP = {
    "max_people": "most people in a picture",
    "empty_probability": "of a picture without people",
    "overlap_probability": "of a further person standing close to an earlier one",
    "occluder_probability": "of something standing in front of a person",
    "truncation_probability": "of a person being cut off by the picture's border",
    "any_pose_probability": "of any pose from any side, not upright and facing the viewer",
}


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    values = vars(_parser().parse_args(arguments))
    output = values.pop("output")
    names = [field.name for field in fields(SyntheticPeopleOptions)]
    options = SyntheticPeopleOptions(**{name: values.pop(name) for name in names})
    write_synthetic_people(output, options=options, **values)
    print(f"wrote {values['num_train']} + {values['num_val']} pictures to {output}")


if __name__ == "__main__":
    run_command(main)
