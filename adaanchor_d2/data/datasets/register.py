"""Registration of keypoint data sets in Detectron2's catalogs: users' own and the built-in ones."""

import os
from collections.abc import Callable
from typing import NamedTuple

from detectron2.data import DatasetCatalog, MetadataCatalog

from ...errors import InputError
from ..skeletons import Skeleton, get_skeleton
from .coco import load_coco_keypoints

_EDGE_COLOR = (255, 128, 0)
_LOCATORS: dict[str, Callable[[], "DatasetFiles"]] = {}


class DatasetFiles(NamedTuple):
    """Where a data set lies. ``person_detections_file``: a detector's boxes for it, or ""."""

    json_file: str
    image_root: str
    person_detections_file: str = ""


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
    _register(name, skeleton, lambda: files)
    _set_files(name, files)


def find_dataset_files(name: str) -> DatasetFiles:
    """Return where a data set that was registered here lies now, and note it in its metadata."""
    files = _LOCATORS[name]()
    _set_files(name, files)
    return files


def _register(name: str, skeleton: str | Skeleton, locate: Callable[[], DatasetFiles]) -> None:
    """``locate`` is asked again at each use, so that a data root that changes is followed."""
    if name in DatasetCatalog.list():
        raise InputError(f"A data set named '{name}' is already registered.")
    skeleton = get_skeleton(skeleton) if isinstance(skeleton, str) else skeleton

    def load() -> list[dict]:
        files = find_dataset_files(name)
        return load_coco_keypoints(files.json_file, files.image_root, skeleton)

    _LOCATORS[name] = locate
    DatasetCatalog.register(name, load)
    names = skeleton.names
    MetadataCatalog.get(name).set(
        evaluator_type="coco_keypoints",
        thing_classes=["person"],
        skeleton=skeleton,
        keypoint_names=list(names),
        keypoint_flip_map=[
            (names[i], names[j]) for i, j in enumerate(skeleton.flip_indices) if i < j
        ],
        keypoint_connection_rules=[(names[a], names[b], _EDGE_COLOR) for a, b in skeleton.edges],
    )


def _set_files(name: str, files: DatasetFiles) -> None:
    metadata = MetadataCatalog.get(name)
    for key, value in files._asdict().items():
        if hasattr(metadata, key):
            delattr(metadata, key)  # Metadata refuses to overwrite a value with another.
        setattr(metadata, key, value)


def data_root() -> str:
    """The folder that DETECTRON2_DATASETS names, ``./datasets`` by default."""
    return os.path.expanduser(os.environ.get("DETECTRON2_DATASETS", "datasets"))


def _locate_in_root(folder: str, split: str, detections: str) -> DatasetFiles:
    """COCO's layout below the data root; images in ``{split}2017`` or ``images/{split}2017``."""
    base = os.path.join(data_root(), folder)
    choices = [os.path.join(base, f"{split}2017"), os.path.join(base, "images", f"{split}2017")]
    return DatasetFiles(
        os.path.join(base, "annotations", f"person_keypoints_{split}2017.json"),
        next(filter(os.path.isdir, choices), choices[0]),
        os.path.join(base, detections) if detections else "",
    )


def _check_layout(name: str, folder: str, split: str, files: DatasetFiles) -> None:
    missing = [path for path in files[:2] if not os.path.exists(path)]
    if missing:
        raise InputError(
            f"Data set '{name}' is not there ({missing[0]} does not exist): expected "
            f"{folder}/annotations/person_keypoints_{split}2017.json and "
            f"{folder}/{split}2017/*.jpg (or {folder}/images/{split}2017/*.jpg) below "
            f"{data_root()}, which the environment variable DETECTRON2_DATASETS can change."
        )


def _register_in_root(name: str, folder: str, split: str, detections: str = "") -> None:
    def locate() -> DatasetFiles:
        files = _locate_in_root(folder, split, detections)
        _check_layout(name, folder, split, files)
        return files

    _register(name, "coco", locate)
    _set_files(name, _locate_in_root(folder, split, detections))


def register_builtin_datasets() -> None:
    """Register coco_keypoints_{train,val} and synthetic_people_{train,val}."""
    _register_in_root("coco_keypoints_train", "coco", "train")
    _register_in_root(
        "coco_keypoints_val",
        "coco",
        "val",
        "person_detection_results/COCO_val2017_detections_AP_H_56_person.json",
    )
    for split in ("train", "val"):
        _register_in_root(f"synthetic_people_{split}", "synthetic_people", split)
