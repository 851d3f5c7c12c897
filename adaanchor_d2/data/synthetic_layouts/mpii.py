"""People with MPII's 16 joints in the files that HRNet's code made of MPII.

``annot/{train,valid}.json`` is a list with one entry a person; ``annot/gt_valid.mat`` holds the
people of ``valid.json`` in the same order, with their head boxes. All coordinates count pixels
from 1; a missing joint is (-1, -1) in the json and (0, 0) in the mat file.
"""

import io
import json
from functools import partial
from pathlib import Path

import numpy as np
import scipy.io

from ..skeletons import get_skeleton
from ..synthetic_people.image import SyntheticPeopleOptions, render_image
from ..synthetic_people.mpii_labels import annotate_mpii
from .layout import DataSetInfo, Layout, image_id

_FILES = {"train": "train", "val": "valid"}
_MAT_HEADER = b"MATLAB 5.0 MAT-file, synthetic people in MPII's layout"  # in place of a date
_MAT_HEADER_SIZE = 116
# As in gt_valid.mat: the side's letter and the first three letters of the joint.
_MIDDLE_NAMES = {"pelvis": "pelv", "thorax": "thor", "upper_neck": "neck", "head_top": "head"}


def _file_name(split: str, index: int) -> str:
    return f"{image_id(split, index):09d}.jpg"


def _image_path(split: str, index: int) -> str:
    return f"images/{_file_name(split, index)}"


def _write_annotations(
    output: Path, split: str, people_of_images: list[list[dict]], info: DataSetInfo
) -> None:
    people = [
        {"image": _file_name(split, index), **person}
        for index, people_of_image in enumerate(people_of_images)
        for person in people_of_image
    ]
    boxes = [person.pop("head_box") for person in people]
    folder = output / "annot"
    folder.mkdir(exist_ok=True)
    (output / "images").mkdir(exist_ok=True)
    (folder / f"{_FILES[split]}.json").write_text(json.dumps(people))
    if split == "val":
        (folder / "gt_valid.mat").write_bytes(_ground_truth(people, boxes))


def _ground_truth(people: list[dict], boxes: list) -> bytes:
    """Return the mat file of people (P of them); joints (16, 2, P), head boxes (2, 2, P)."""
    names = get_skeleton("mpii").names
    joints = np.array([person["joints"] for person in people], float).reshape(-1, len(names), 2)
    labelled = np.array([person["joints_vis"] for person in people]).reshape(-1, len(names)) > 0
    content = {
        "jnt_missing": (~labelled.T).astype(np.uint8),
        "pos_gt_src": np.where(labelled[..., None], joints, 0).transpose(1, 2, 0),
        "headboxes_src": np.array(boxes, float).reshape(-1, 2, 2).transpose(1, 2, 0),
        "dataset_joints": np.array([[_short_name(name) for name in names]], object),
    }
    stream = io.BytesIO()
    scipy.io.savemat(stream, content)
    return _MAT_HEADER.ljust(_MAT_HEADER_SIZE) + stream.getvalue()[_MAT_HEADER_SIZE:]


def _short_name(name: str) -> str:
    side, _, joint = name.partition("_")
    return _MIDDLE_NAMES.get(name) or side[0] + joint[:3]


MPII_LAYOUT = Layout(
    name="mpii",
    description="people with MPII's 16 joints",
    default_size=(320, 240),
    entries=("annot", "images"),
    options=SyntheticPeopleOptions,
    draw=partial(render_image, annotate=annotate_mpii),
    image_path=_image_path,
    write_annotations=_write_annotations,
)
