"""Person boxes of images, from a file.

The file is JSON, in one of two forms:

* ``{"street.jpg": [[x1, y1, x2, y2], [x1, y1, x2, y2, score]], "7": []}``: boxes by the image's
  file name or image id (of a video, the number of the frame, from 0);
* COCO's list of detections, ``[{"image_id", "category_id", "bbox": [x, y, width, height],
  "score"}]``; only category 1 are people.

Coordinates are continuous pixels: the upper left corner of the image is (0, 0).
"""

import os
from collections.abc import Iterable

import numpy as np

from ..data.datasets.coco_json import read_json
from ..data.datasets.detections import group_person_detections
from ..data.datasets.entries import are_finite_numbers
from ..data.person_records import to_corners
from ..errors import InputError
from .images import Frame

Boxes = tuple[np.ndarray, np.ndarray]


class BoxFile:
    """The boxes of a file. Called with a :class:`Frame`, it gives boxes (N, 4), x1, y1, x2, y2,
    and their scores (N,); none where the file does not name the image.

    Attributes:
        num_without: frames so far that the file does not name.
        num_below: boxes left out so far for their scores.
    """

    def __init__(self, json_file: str, min_score: float = 0.0) -> None:
        """
        Args:
            json_file: see above.
            min_score: boxes with a lower score are left out; a box without a score has 1.

        Raises:
            InputError: the file cannot be read, or what is wrong in it.
        """
        self.json_file = json_file
        self.min_score = min_score
        self.num_without = self.num_below = 0
        content = read_json(json_file, "Box file")
        if isinstance(content, dict):
            self._rows = {key: _check_rows(key, content[key], json_file) for key in content}
        elif isinstance(content, list):
            self._rows = _rows_of_detections(content, json_file)
        else:
            raise InputError(
                f"Box file {json_file} is neither an object of boxes by image nor a list of "
                "detections."
            )

    def what_is_missing(self) -> list[str]:
        """Return a line for each kind of images and boxes that were left out."""
        lines = []
        if self.num_without:
            lines.append(
                f"Images that {self.json_file} does not name, and nobody in them: "
                f"{self.num_without}."
            )
        if self.num_below:
            lines.append(
                f"Boxes left out, with a score below {self.min_score:g}: {self.num_below}."
            )
        return lines

    def require_any(self, names: Iterable[str], image_ids: Iterable[int]) -> None:
        """Raise InputError where the file names none of these images."""
        if all(self._find(*pair) is None for pair in zip(names, image_ids, strict=True)):
            raise InputError(
                f"Box file {self.json_file} names none of the images, neither by file name nor by "
                "image id."
            )

    def __call__(self, frame: Frame) -> Boxes:
        rows = self._find(frame.name, frame.image_id)
        if rows is None:
            self.num_without += 1
            rows = []
        table = np.array([[*row, 1.0][:5] for row in rows]).reshape(-1, 5)
        is_kept = table[:, 4] >= self.min_score
        self.num_below += np.count_nonzero(~is_kept)
        return table[is_kept, :4], table[is_kept, 4]

    def _find(self, name: str, image_id: int) -> list | None:
        for key in (name, os.path.basename(name), str(image_id)):
            if key in self._rows:
                return self._rows[key]
        return None


def _check_rows(key: str, rows, json_file: str) -> list:
    if not isinstance(rows, list):
        raise InputError(f"Box file {json_file}: '{key}' has no list of boxes.")
    for number, row in enumerate(rows):
        is_box = are_finite_numbers(row) and len(row) in (4, 5)
        if not is_box or row[0] >= row[2] or row[1] >= row[3]:
            raise InputError(
                f"Box file {json_file}: box {number} of '{key}' is {row!r}, which is not x1, y1, "
                "x2, y2 with x1 < x2 and y1 < y2 (and a score)."
            )
    return rows


def _rows_of_detections(entries: list, json_file: str) -> dict[str, list]:
    return {
        str(image_id): [[*to_corners(entry["bbox"]), entry["score"]] for entry in detections]
        for image_id, detections in group_person_detections(entries, json_file).items()
    }
