"""Annotation files that hold one person (or face) an entry, as MPII's and WFLW's do.

A format says how a file is split into entries and how one entry is read. Reading a data set and
checking it (``check_entries.py``) both follow from these two.
"""

import math
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from ...errors import InputError
from ..skeletons import Skeleton


class Entry(NamedTuple):
    """One person as the file has it.

    Attributes:
        where: how messages name it: file, and line or index.
        content: what stands there, not looked at yet.
        labelled: whether the file gives keypoints; the ground truth of a test split is not public.
    """

    where: str
    content: Any
    labelled: bool = True


class Person(NamedTuple):
    """An entry that was read: its image, relative to the image folder, and Detectron2's fields.

    ``annotation`` has all of a person's fields but ``id``; ``keypoints`` and ``num_keypoints`` are
    absent where the file gives no keypoints.
    """

    image_name: str
    annotation: dict


@dataclass(frozen=True)
class EntryFormat:
    """``entries(annotation_file)`` and ``read(entry, skeleton)`` raise InputError for bad input."""

    entries: Callable[[str], Iterator[Entry]]
    read: Callable[[Entry, Skeleton], Person]

    def load(self, annotation_file: str, image_root: str, skeleton: Skeleton) -> list[dict]:
        """Read a file into Detectron2's image records, in the order of the file.

        Image ids and annotation ids count from 1 in this order: person n of the file has id n. The
        files do not tell the images' sizes, so records have no ``height`` and ``width``: as in
        Detectron2's own mapper, they are those of the decoded image.

        Raises:
            InputError: naming the file, and the line or the index.
        """
        records: dict[str, dict] = {}
        for number, entry in enumerate(self.entries(annotation_file), start=1):
            person = self.read(entry, skeleton)
            record = records.get(person.image_name)
            if record is None:
                record = _start_image(person.image_name, entry, image_root, len(records) + 1)
                records[person.image_name] = record
            record["annotations"].append({"id": number, **person.annotation})
        return list(records.values())


def _start_image(image_name: str, entry: Entry, image_root: str, image_id: int) -> dict:
    file_name = os.path.join(image_root, image_name)
    if not os.path.isfile(file_name):
        raise InputError(f"{entry.where} names the image {file_name}, which does not exist.")
    return {"file_name": file_name, "image_id": image_id, "annotations": []}


def are_finite_numbers(values: Any) -> bool:
    """Whether ``values`` is a list of numbers, none of them a truth value, infinite or NaN."""
    return isinstance(values, list) and all(
        isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        for value in values
    )
