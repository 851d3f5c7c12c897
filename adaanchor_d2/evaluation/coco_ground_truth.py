"""The annotation file that COCO evaluation compares with."""

import json
import os

from detectron2.utils.file_io import PathManager

from ..errors import InputError
from .coco_results import PERSON_CATEGORY_ID

_REQUIRED_FIELDS = ("id", "image_id", "bbox", "area", "num_keypoints", "keypoints")


def load_coco_ground_truth(json_file: str, num_keypoints: int) -> dict:
    """Read a COCO keypoint file and check what its evaluation relies on.

    Returns:
        The file's content: dict with lists images, annotations, categories.

    Raises:
        InputError: the file is missing, is no COCO annotation file, has no category 1 (person), or
            has a person with id 0, a missing field or a keypoint list of another length.
    """
    content = _read_json(json_file)
    keys = ("images", "annotations", "categories")
    if not isinstance(content, dict) or not all(isinstance(content.get(k), list) for k in keys):
        raise InputError(
            f"{json_file} is no COCO annotation file: it needs the lists {', '.join(keys)}."
        )
    if PERSON_CATEGORY_ID not in [category.get("id") for category in content["categories"]]:
        raise InputError(f"{json_file} has no category with id {PERSON_CATEGORY_ID} (person).")
    for annotation in content["annotations"]:
        if annotation.get("category_id") == PERSON_CATEGORY_ID:
            _check_person(annotation, num_keypoints, json_file)
    return content


def _read_json(json_file: str) -> object:
    if not os.path.isfile(path := PathManager.get_local_path(json_file)):
        raise InputError(f"The annotation file {json_file} does not exist.")
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except ValueError as error:
        raise InputError(f"The annotation file {json_file} is not valid JSON: {error}.") from None


def _check_person(annotation: dict, num_keypoints: int, json_file: str) -> None:
    missing = [field for field in _REQUIRED_FIELDS if field not in annotation]
    if missing:
        raise InputError(
            f"Annotation {annotation.get('id', 'without id')} in {json_file} has no field "
            f"'{missing[0]}', which COCO evaluation needs."
        )
    if annotation["id"] == 0:
        raise InputError(
            f"An annotation in {json_file} has id 0, but ids must start at 1: COCO evaluation "
            f"takes a match with id 0 for no match."
        )
    if len(annotation["keypoints"]) != 3 * num_keypoints:
        raise InputError(
            f"Annotation {annotation['id']} in {json_file} has {len(annotation['keypoints'])} "
            f"keypoint numbers, but the skeleton's {num_keypoints} keypoints need "
            f"{3 * num_keypoints}."
        )
