"""Predicted people as files that grow while a video runs: JSON in COCO's form, and CSV.

Nothing is left out for a low score. Coordinates are COCO's pixels: the centre of the upper left
pixel is (0, 0). ``image_id`` is that of the image, of a video the number of the frame, from 0.
"""

import csv
import json
from collections.abc import Sequence
from typing import IO

from detectron2.structures import Instances

from ..data.skeletons import Skeleton
from ..errors import InputError
from ..evaluation.coco_results import to_coco_results
from ..evaluation.image_predictions import collect_people
from .images import Frame

CSV_COLUMNS = (
    *("file_name", "image_id", "person", "joint", "x", "y", "score"),
    *("anchor_x", "anchor_y"),
)


def to_entries(frame: Frame, people: Instances) -> list[dict]:
    """Return COCO results of a frame's people, see ``to_coco_results``, with ``file_name``."""
    where = {"image_id": frame.image_id, "file_name": frame.name}
    table = collect_people([where], [people])
    entries = to_coco_results(table, table["score"])
    return [{**entry, "file_name": frame.name} for entry in entries]


class ResultFiles:
    """Writes the people of each frame to files of both kinds."""

    def __init__(self, files: Sequence["JsonFile | CsvFile"]) -> None:
        self._files = files

    def write(self, frame: Frame, people: Instances) -> None:
        entries = to_entries(frame, people)
        for file in self._files:
            file.write(entries)

    def close(self) -> None:
        for file in self._files:
            file.close()


class JsonFile:
    """A list of entries, one a line; the file is whole whenever it is closed."""

    def __init__(self, path: str) -> None:
        self._file = _open(path)
        self._separator = "[\n"

    def write(self, entries: list[dict]) -> None:
        for entry in entries:
            self._file.write(self._separator + json.dumps(entry))
            self._separator = ",\n"

    def close(self) -> None:
        self._file.write("[]\n" if self._separator == "[\n" else "\n]\n")
        self._file.close()


class CsvFile:
    """One row a keypoint; ``person`` counts the people of the image from 0."""

    def __init__(self, path: str, skeleton: Skeleton) -> None:
        self._file = _open(path)
        self._names = skeleton.names
        self._rows = csv.writer(self._file, lineterminator="\n")
        self._rows.writerow(CSV_COLUMNS)

    def write(self, entries: list[dict]) -> None:
        for person, entry in enumerate(entries):
            start = (entry["file_name"], entry["image_id"], person)
            keypoints, anchors = entry["keypoints"], entry["keypoint_anchors"]
            for kind, name in enumerate(self._names):
                point = keypoints[3 * kind : 3 * kind + 3]
                self._rows.writerow((*start, name, *point, *anchors[2 * kind : 2 * kind + 2]))

    def close(self) -> None:
        self._file.close()


def _open(path: str) -> IO[str]:
    try:
        return open(path, "w", encoding="utf-8", newline="")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}.") from None
