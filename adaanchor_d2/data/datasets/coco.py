"""Reader of COCO keypoint files, for any skeleton."""

import os
from collections import Counter

from detectron2.structures import BoxMode

from ...errors import InputError
from ..skeletons import Skeleton
from .coco_json import fill_in_defaults, is_of_other_category
from .coco_problems import read_keypoint_file


def load_coco_keypoints(json_file: str, image_root: str, skeleton: Skeleton) -> list[dict]:
    """Read a COCO keypoint file into Detectron2's image records, ordered by image id.

    Each record has ``file_name, image_id, height, width``, ``crowdIndex`` where the file has it
    (CrowdPose's, 0 or more) and ``annotations``: all of the image's
    people (category 1), crowds and those without keypoints included. A person has ``id, bbox``
    (x, y, width, height; continuous edges, as in the file), ``bbox_mode, category_id`` (0),
    ``iscrowd, area, num_keypoints, keypoints`` (x, y, v per type; 0.5 is added to x and y here, so
    that pixel centres are at + 0.5) and ``segmentation`` where the file has one.

    ``iscrowd``, ``area`` and ``num_keypoints`` may be absent: 0, 0.53 x box, the labelled ones.

    Raises:
        InputError: naming the file, and the id and the field at fault.
    """
    document = read_keypoint_file(json_file, skeleton)
    if not os.path.isdir(image_root):
        raise InputError(f"Image folder {image_root} of {json_file} does not exist.")
    people_of_image: dict[int, list[dict]] = {image["id"]: [] for image in document["images"]}
    for annotation in document["annotations"]:
        if not is_of_other_category(annotation):
            people_of_image[annotation["image_id"]].append(_person(annotation))
    return [
        {
            "file_name": os.path.join(image_root, image["file_name"]),
            "image_id": image["id"],
            "height": image["height"],
            "width": image["width"],
            **({"crowdIndex": image["crowdIndex"]} if "crowdIndex" in image else {}),
            "annotations": people_of_image[image["id"]],
        }
        for image in sorted(document["images"], key=lambda image: image["id"])
    ]


def load_coco_parts(json_files: list[str], image_root: str, skeleton: Skeleton) -> list[dict]:
    """Read a data set that is spread over several files; see :func:`load_coco_keypoints`.

    Raises:
        InputError: also for an id that two files give.
    """
    records: list[dict] = []
    for json_file in json_files:
        records += load_coco_keypoints(json_file, image_root, skeleton)
    images = [record["image_id"] for record in records]
    people = [person["id"] for record in records for person in record["annotations"]]
    for kind, ids in (("image", images), ("annotation", people)):
        repeated = [number for number, count in Counter(ids).items() if count > 1]
        if repeated:
            raise InputError(
                f"{' and '.join(json_files)} both have {kind} {repeated[0]}; ids must differ."
            )
    return sorted(records, key=lambda record: record["image_id"])


def _person(annotation: dict) -> dict:
    annotation = fill_in_defaults(annotation)
    keypoints = [float(value) for value in annotation["keypoints"]]
    keypoints[0::3] = [x + 0.5 for x in keypoints[0::3]]
    keypoints[1::3] = [y + 0.5 for y in keypoints[1::3]]
    person = {
        "id": annotation["id"],
        "bbox": [float(value) for value in annotation["bbox"]],
        "bbox_mode": BoxMode.XYWH_ABS,
        "category_id": 0,
        "iscrowd": annotation["iscrowd"],
        "area": float(annotation["area"]),
        "num_keypoints": annotation["num_keypoints"],
        "keypoints": keypoints,
    }
    if "segmentation" in annotation:
        person["segmentation"] = annotation["segmentation"]
    return person
