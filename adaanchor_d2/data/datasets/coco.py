"""Reader of COCO keypoint files, for any skeleton."""

import os

from detectron2.structures import BoxMode

from ...errors import InputError
from ..skeletons import Skeleton
from .coco_json import PERSON_CATEGORY, find_problems, read_json

# CrowdPose evaluates with this fraction of the box as a person's area; used where 'area' is absent.
AREA_OF_BOX = 0.53


def load_coco_keypoints(json_file: str, image_root: str, skeleton: Skeleton) -> list[dict]:
    """Read a COCO keypoint file into Detectron2's image records, ordered by image id.

    Each record has ``file_name, image_id, height, width`` and ``annotations``: all of the image's
    people (category 1), crowds and those without keypoints included. A person has ``id, bbox``
    (x, y, width, height; continuous edges, as in the file), ``bbox_mode, category_id`` (0),
    ``iscrowd, area, num_keypoints, keypoints`` (x, y, v per type; 0.5 is added to x and y here, so
    that pixel centres are at + 0.5) and ``segmentation`` where the file has one.

    ``iscrowd``, ``area`` and ``num_keypoints`` may be absent: 0, 0.53 x box, the labelled ones.

    Raises:
        InputError: naming the file, and the id and the field at fault.
    """
    document = read_json(json_file, "Annotation file")
    for problem in find_problems(document, json_file, skeleton):
        if problem.fatal:
            raise InputError(problem.message)
    if not os.path.isdir(image_root):
        raise InputError(f"Image folder {image_root} of {json_file} does not exist.")
    people_of_image: dict[int, list[dict]] = {image["id"]: [] for image in document["images"]}
    for annotation in document["annotations"]:
        if annotation["category_id"] == PERSON_CATEGORY:
            people_of_image[annotation["image_id"]].append(_person(annotation))
    return [
        {
            "file_name": os.path.join(image_root, image["file_name"]),
            "image_id": image["id"],
            "height": image["height"],
            "width": image["width"],
            "annotations": people_of_image[image["id"]],
        }
        for image in sorted(document["images"], key=lambda image: image["id"])
    ]


def _person(annotation: dict) -> dict:
    keypoints = [float(value) for value in annotation["keypoints"]]
    keypoints[0::3] = [x + 0.5 for x in keypoints[0::3]]
    keypoints[1::3] = [y + 0.5 for y in keypoints[1::3]]
    box = [float(value) for value in annotation["bbox"]]
    labelled = sum(v > 0 for v in keypoints[2::3])
    person = {
        "id": annotation["id"],
        "bbox": box,
        "bbox_mode": BoxMode.XYWH_ABS,
        "category_id": 0,
        "iscrowd": annotation.get("iscrowd", 0),
        "area": float(annotation.get("area", AREA_OF_BOX * box[2] * box[3])),
        "num_keypoints": annotation.get("num_keypoints", labelled),
        "keypoints": keypoints,
    }
    if "segmentation" in annotation:
        person["segmentation"] = annotation["segmentation"]
    return person
