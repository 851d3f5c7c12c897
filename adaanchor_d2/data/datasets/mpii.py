"""MPII's people, in the json form that HRNet and SimplePose made common.

A file is a list of ``{"image", "center", "scale", "joints", "joints_vis"}``, one entry a person;
the test split has no joints. Coordinates are 1-based pixel indices.
"""

import os
from collections.abc import Iterator
from typing import Any

from detectron2.structures import BoxMode

from ...errors import InputError
from ..skeletons import Skeleton
from .coco_json import read_json
from .entries import Entry, EntryFormat, Person, are_finite_numbers

# The centre of the pixel with 1-based index i is at i - 0.5.
TO_CONTINUOUS = -0.5
# A person with scale 1 is about this high (pixels); HRNet's region is this large before padding.
PIXELS_PER_SCALE = 200.0
# HRNet moves the centre down by this times the scale (pixels), so that the feet are not cut off.
CENTER_SHIFT_Y = 15.0
_PERSON_KEYS = ("image", "center", "scale")
_JOINT_KEYS = ("joints", "joints_vis")


def mpii_entries(json_file: str) -> Iterator[Entry]:
    """Yield a file's entries; ``trainval.json``, where absent, is ``train.json`` + ``valid.json``.

    A file in which no entry has joints is a split without ground truth.
    """
    for path in mpii_parts(json_file):
        content = read_json(path, "MPII annotation file")
        if not isinstance(content, list):
            raise InputError(f"{path} is no MPII annotation file: it must be a list of people.")
        labelled = any(isinstance(e, dict) and any(k in e for k in _JOINT_KEYS) for e in content)
        for index, entry in enumerate(content):
            yield Entry(f"{path}: entry {index}", entry, labelled)


def mpii_parts(json_file: str) -> list[str]:
    """Return the files that are read for ``json_file``."""
    folder, name = os.path.split(json_file)
    if name != "trainval.json" or os.path.exists(json_file):
        return [json_file]
    return [os.path.join(folder, part) for part in ("train.json", "valid.json")]


def read_mpii_person(entry: Entry, skeleton: Skeleton) -> Person:
    """Read one entry.

    ``bbox`` is the square of 200 x scale pixels around the centre, moved down by 15 x scale, which
    with INPUT.BOX_PADDING 1.25 is the region that HRNet crops; ``area`` is the square's.
    ``joints_vis`` 0 (not labelled) becomes v = 0, 1 becomes v = 2: the file does not tell hidden
    joints from visible ones.
    """
    _check_fields(entry, skeleton)
    content = entry.content
    scale, (center_x, center_y) = float(content["scale"]), content["center"]
    side = PIXELS_PER_SCALE * scale
    annotation = {
        "bbox": [
            center_x + TO_CONTINUOUS - side / 2,
            center_y + CENTER_SHIFT_Y * scale + TO_CONTINUOUS - side / 2,
            side,
            side,
        ],
        "bbox_mode": BoxMode.XYWH_ABS,
        "category_id": 0,
        "iscrowd": 0,
        "area": side * side,
    }
    if entry.labelled:
        annotation["num_keypoints"] = sum(map(bool, content["joints_vis"]))
        annotation["keypoints"] = [
            value
            for (x, y), labelled in zip(content["joints"], content["joints_vis"], strict=True)
            for value in (x + TO_CONTINUOUS, y + TO_CONTINUOUS, 2.0 if labelled else 0.0)
        ]
    return Person(content["image"], annotation)


MPII_FORMAT = EntryFormat(mpii_entries, read_mpii_person)


def _check_fields(entry: Entry, skeleton: Skeleton) -> None:
    where, content = entry.where, entry.content
    if not isinstance(content, dict):
        raise InputError(f"{where} is not an object with the fields of a person.")
    needed = _PERSON_KEYS + (_JOINT_KEYS if entry.labelled else ())
    missing = [key for key in needed if key not in content]
    if missing:
        raise InputError(f"{where} has no '{missing[0]}'.")
    if not (isinstance(content["image"], str) and content["image"]):
        raise InputError(f"{where} has image {content['image']!r}, which is not a file name.")
    if not are_finite_numbers([content["scale"]]) or content["scale"] <= 0:
        raise InputError(f"{where} has scale {content['scale']!r}, which is not a number above 0.")
    if not _is_point(content["center"]):
        raise InputError(f"{where} has center {content['center']!r}, which is not two numbers.")
    if entry.labelled:
        _check_joints(entry, skeleton)


def _check_joints(entry: Entry, skeleton: Skeleton) -> None:
    for key in _JOINT_KEYS:
        values = entry.content[key]
        if not isinstance(values, list):
            raise InputError(f"{entry.where} has '{key}' that are not a list.")
        if len(values) != skeleton.num_keypoints:
            raise InputError(
                f"{entry.where} has {len(values)} '{key}', but the skeleton '{skeleton.name}' has "
                f"{skeleton.num_keypoints}."
            )
    for name, point, flag in zip(
        skeleton.names, entry.content["joints"], entry.content["joints_vis"], strict=True
    ):
        if not _is_point(point):
            raise InputError(f"{entry.where} has {point!r} for '{name}', which is not two numbers.")
        if flag not in (0, 1):
            raise InputError(f"{entry.where} has joints_vis {flag!r} for '{name}', not 0 or 1.")


def _is_point(value: Any) -> bool:
    return are_finite_numbers(value) and len(value) == 2
