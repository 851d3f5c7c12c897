"""Registration of keypoint data sets in Detectron2's catalogs."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from detectron2.data import DatasetCatalog, MetadataCatalog

from ...errors import InputError
from ..skeletons import Skeleton, get_skeleton
from .coco import load_coco_parts
from .coco_rules import COCO_RULES, CocoRules
from .crowdpose import CROWDPOSE_RULES, crowdpose_parts
from .entries import EntryFormat
from .mpii import MPII_FORMAT, mpii_parts
from .wflw import wflw_format

_EDGE_COLOR = (255, 128, 0)
_REGISTERED: dict[str, "_Registered"] = {}


class DatasetFiles(NamedTuple):
    """Where a data set lies.

    ``person_detections_file``: a detector's boxes for it, or "". ``ground_truth_file``: what its
    evaluation reads beside the annotations (MPII's .mat), or "".
    """

    annotation_file: str
    image_root: str
    person_detections_file: str = ""
    ground_truth_file: str = ""


def _one_part(annotation_file: str) -> list[str]:
    return [annotation_file]


@dataclass(frozen=True)
class DatasetFormat:
    """A kind of annotation file, and what belongs to it.

    Attributes:
        evaluator_type: which evaluator its data sets have.
        thing_class: what one annotation is of.
        choose_entry_format: how an annotation file is read; None for COCO's format.
        coco_rules: what files in COCO's format are checked for.
        find_parts: annotation file -> the files that are read for it.
    """

    evaluator_type: str
    thing_class: str
    choose_entry_format: Callable[[str], EntryFormat] | None = None
    coco_rules: CocoRules = COCO_RULES
    find_parts: Callable[[str], list[str]] = _one_part

    def load(self, files: DatasetFiles, skeleton: Skeleton) -> list[dict]:
        """Read the image records, see the readers."""
        if self.choose_entry_format is None:
            parts = self.find_parts(files.annotation_file)
            return load_coco_parts(parts, files.image_root, skeleton)
        entry_format = self.choose_entry_format(files.annotation_file)
        return entry_format.load(files.annotation_file, files.image_root, skeleton)


COCO = DatasetFormat("coco_keypoints", "person")
CROWDPOSE = DatasetFormat(
    "crowdpose", "person", coco_rules=CROWDPOSE_RULES, find_parts=crowdpose_parts
)
MPII = DatasetFormat(
    "mpii_keypoints", "person", lambda annotation_file: MPII_FORMAT, find_parts=mpii_parts
)
WFLW = DatasetFormat("wflw_landmarks", "face", wflw_format)


class _Registered(NamedTuple):
    format: DatasetFormat
    find: Callable[[], DatasetFiles]
    check: Callable[[DatasetFiles], None]


def register_coco_keypoints(
    name: str,
    json_file: str | os.PathLike,
    image_root: str | os.PathLike,
    skeleton: str | Skeleton,
    person_detections_file: str | os.PathLike = "",
) -> None:
    """Register a data set in COCO's keypoint format under ``name``, for configs to use.

    The files are read when the data set is used.

    Args:
        name: what ``DATASETS.TRAIN`` and ``DATASETS.TEST`` call it.
        json_file: annotations with ``images`` and ``annotations``; people have category 1.
        image_root: folder that the images' ``file_name`` is relative to.
        skeleton: a Skeleton, or the name of a registered one.
        person_detections_file: what ``INPUT.PERSON_BOXES detector`` evaluates.

    Raises:
        InputError: a name that is taken, or an unknown skeleton.
    """
    files = DatasetFiles(*map(os.fspath, (json_file, image_root, person_detections_file)))
    register_dataset(name, COCO, skeleton, lambda: files)


def register_dataset(
    name: str,
    format: DatasetFormat,
    skeleton: str | Skeleton,
    find: Callable[[], DatasetFiles],
    check: Callable[[DatasetFiles], None] = lambda files: None,
) -> None:
    """Register a data set of any format.

    Both functions are asked at each use, so that a data root that changes is followed: ``find``
    says where the data set lies or should lie, ``check`` raises InputError where it does not.
    """
    if name in DatasetCatalog.list():
        raise InputError(f"A data set named '{name}' is already registered.")
    skeleton = get_skeleton(skeleton) if isinstance(skeleton, str) else skeleton
    _REGISTERED[name] = _Registered(format, find, check)
    DatasetCatalog.register(name, lambda: format.load(find_dataset_files(name), skeleton))
    names = skeleton.names
    MetadataCatalog.get(name).set(
        evaluator_type=format.evaluator_type,
        thing_classes=[format.thing_class],
        skeleton=skeleton,
        keypoint_names=list(names),
        keypoint_flip_map=[
            (names[i], names[j]) for i, j in enumerate(skeleton.flip_indices) if i < j
        ],
        keypoint_connection_rules=[(names[a], names[b], _EDGE_COLOR) for a, b in skeleton.edges],
    )
    _set_files(name, find())


def find_dataset_files(name: str) -> DatasetFiles:
    """Return where a data set that was registered here lies now, and note it in its metadata.

    Raises:
        InputError: when it is not there.
    """
    files = _REGISTERED[name].find()
    _REGISTERED[name].check(files)
    _set_files(name, files)
    return files


def check_dataset_files(name: str) -> None:
    """Raise InputError where a data set that was registered here is not there; others pass."""
    if name in _REGISTERED:
        find_dataset_files(name)


def get_dataset_format(name: str) -> DatasetFormat:
    """Return the format of a data set that was registered here."""
    return _REGISTERED[name].format


def _set_files(name: str, files: DatasetFiles) -> None:
    """Note the files in the metadata; ``annotation_files`` are those that are read."""
    metadata = MetadataCatalog.get(name)
    values = files._asdict()
    parts = _REGISTERED[name].format.find_parts(values.pop("annotation_file"))
    values["annotation_files"] = parts
    if len(parts) == 1:
        values["json_file"] = parts[0]  # Detectron2's name for it; several have no such one
    for key in {*values, "json_file"}:
        if hasattr(metadata, key):
            delattr(metadata, key)  # Metadata refuses to overwrite a value with another.
    metadata.set(**values)
