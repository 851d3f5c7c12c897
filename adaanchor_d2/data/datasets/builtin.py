"""The built-in data sets: where they lie below the data root, and their registration."""

import os
from collections.abc import Callable

from ...errors import InputError
from .crowdpose import crowdpose_parts
from .register import COCO, CROWDPOSE, MPII, WFLW, DatasetFiles, DatasetFormat, register_dataset

_COCO_DETECTIONS = "person_detection_results/COCO_val2017_detections_AP_H_56_person.json"
# Our name of an MPII split -> the name of its file.
_MPII_SPLITS = {"train": "train", "val": "valid", "trainval": "trainval", "test": "test"}
_WFLW_LIST_FOLDER = "WFLW_annotations/list_98pt_rect_attr_train_test"


def register_builtin_datasets() -> None:
    """Register COCO, CrowdPose, MPII, WFLW and the synthetic data sets in their layouts."""
    _register_coco("coco_keypoints_train", "coco", "train")
    _register_coco("coco_keypoints_val", "coco", "val", _COCO_DETECTIONS)
    for split in ("train", "val", "trainval", "test"):
        _register_crowdpose(f"crowdpose_{split}", ("crowdpose", "crowd_pose"), split)
    for split in _MPII_SPLITS:
        _register_mpii(f"mpii_keypoints_{split}", "mpii", split)
    for split in ("train", "test"):
        _register_wflw(f"wflw_{split}", "wflw", split)
    for split in ("train", "val"):
        _register_coco(f"synthetic_people_{split}", "synthetic_people", split)
        _register_crowdpose(f"synthetic_crowds_{split}", ("synthetic_crowds",), split)
        _register_mpii(f"synthetic_people_mpii_{split}", "synthetic_people_mpii", split)
    _register_wflw("synthetic_faces_train", "synthetic_faces", "train")
    _register_wflw("synthetic_faces_val", "synthetic_faces", "test")


def data_root() -> str:
    """The folder that DETECTRON2_DATASETS names, ``./datasets`` by default."""
    return os.path.expanduser(os.environ.get("DETECTRON2_DATASETS", "datasets"))


def _register_coco(name: str, folder: str, split: str, detections: str = "") -> None:
    """COCO's layout; images in ``{split}2017`` or ``images/{split}2017``."""

    def find() -> DatasetFiles:
        base = os.path.join(data_root(), folder)
        return DatasetFiles(
            os.path.join(base, "annotations", f"person_keypoints_{split}2017.json"),
            _first_that_exists(
                os.path.join(base, f"{split}2017"), os.path.join(base, "images", f"{split}2017")
            ),
            person_detections_file=os.path.join(base, detections) if detections else "",
        )

    expected = (
        f"{folder}/annotations/person_keypoints_{split}2017.json and "
        f"{folder}/{split}2017/*.jpg (or {folder}/images/{split}2017/*.jpg)"
    )
    _register_in_root(name, COCO, "coco", find, expected)


def _register_crowdpose(name: str, folders: tuple[str, ...], split: str) -> None:
    """Annotations in ``annotations`` or ``json``; trainval is made of train and val if absent."""
    file_name = f"crowdpose_{split}.json"

    def find() -> DatasetFiles:
        bases = [os.path.join(data_root(), folder) for folder in folders]
        base = _first_that_exists(*bases)
        annotations = [os.path.join(base, part, file_name) for part in ("annotations", "json")]
        return DatasetFiles(_first_with_parts(annotations), os.path.join(base, "images"))

    folder = " or ".join(folders)
    alternative = " (or crowdpose_train.json and crowdpose_val.json)" if split == "trainval" else ""
    expected = (
        f"annotations/{file_name}{alternative} (or json/ in place of annotations/) and "
        f"images/*.jpg in the folder {folder}"
    )
    _register_in_root(name, CROWDPOSE, "crowdpose", find, expected)


def _first_with_parts(annotation_files: list[str]) -> str:
    """The first file all of whose parts exist; where there is none, the first."""
    complete = (f for f in annotation_files if all(map(os.path.exists, crowdpose_parts(f))))
    return next(complete, annotation_files[0])


def _register_mpii(name: str, folder: str, split: str) -> None:
    """HRNet's layout of MPII; the ground truth of PCKh is published for the validation split."""
    part = _MPII_SPLITS[split]

    def find() -> DatasetFiles:
        base = os.path.join(data_root(), folder)
        return DatasetFiles(
            os.path.join(base, "annot", f"{part}.json"),
            os.path.join(base, "images"),
            ground_truth_file=os.path.join(base, "annot", "gt_valid.mat") if split == "val" else "",
        )

    alternative = " (or train.json and valid.json)" if split == "trainval" else ""
    expected = f"{folder}/annot/{part}.json{alternative} and {folder}/images/*.jpg"
    _register_in_root(name, MPII, "mpii", find, expected)


def _register_wflw(name: str, folder: str, split: str) -> None:
    """The original list with ``WFLW_images``, or, where there is no list, HRNet's csv."""

    def find() -> DatasetFiles:
        base = os.path.join(data_root(), folder)
        original = os.path.join(base, _WFLW_LIST_FOLDER, f"list_98pt_rect_attr_{split}.txt")
        csv_file = os.path.join(base, f"face_landmarks_wflw_{split}.csv")
        folders = [os.path.join(base, images) for images in ("WFLW_images", "images")]
        if os.path.exists(csv_file) and not os.path.exists(original):
            return DatasetFiles(csv_file, _first_that_exists(*folders[::-1]))
        return DatasetFiles(original, folders[0])

    expected = (
        f"{folder}/{_WFLW_LIST_FOLDER}/list_98pt_rect_attr_{split}.txt and "
        f"{folder}/WFLW_images/*/*.jpg (or {folder}/face_landmarks_wflw_{split}.csv and "
        f"{folder}/images/*/*.jpg)"
    )
    _register_in_root(name, WFLW, "wflw", find, expected)


def _register_in_root(
    name: str,
    format: DatasetFormat,
    skeleton: str,
    find: Callable[[], DatasetFiles],
    expected: str,
) -> None:
    """``expected`` says which files below the data root make the data set."""

    def check(files: DatasetFiles) -> None:
        needed = [*format.find_parts(files.annotation_file), files.image_root]
        missing = [path for path in needed if not os.path.exists(path)]
        if missing:
            raise InputError(
                f"Data set '{name}' is not there ({missing[0]} does not exist): expected "
                f"{expected} below {data_root()}, which the environment variable "
                "DETECTRON2_DATASETS can change."
            )

    register_dataset(name, format, skeleton, find, check)


def _first_that_exists(*folders: str) -> str:
    return next(filter(os.path.isdir, folders), folders[0])
