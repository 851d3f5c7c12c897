"""From image records to one record a person, for models that see one person at a time.

A person record has ``file_name, image_id, height, width, annotation_id`` (-1 for a detector's
box), ``bbox`` (x1, y1, x2, y2; image pixels), ``box_score`` (1.0 for an annotated box) and, for
annotated people, ``area`` and ``keypoints`` (K, 3) float32 (x, y in continuous image pixels, v).
``height`` and ``width`` are absent where the annotations do not tell them, ``keypoints`` in a split
without ground truth. A record may bring its image, ``decoded_image`` (H, W, 3) uint8 BGR; then no
file is read.
"""

import os
from collections.abc import Iterator, Sequence

import numpy as np

from ..errors import InputError

# Values of INPUT.PERSON_BOXES that are boxes of the annotations -> the annotations' field.
ANNOTATED_BOXES = {"ground_truth": "bbox", "rectangle": "rectangle"}
# The value that stands for the data set's own detection file.
DETECTOR = "detector"


def check_person_boxes(value: str) -> None:
    """Raise InputError unless ``INPUT.PERSON_BOXES`` is a known word or the path of a file."""
    words = (*ANNOTATED_BOXES, DETECTOR)
    if value not in words and not os.path.isfile(value):
        raise InputError(
            f"INPUT.PERSON_BOXES is '{value}', but must be {', '.join(words)} or the path of a "
            "detection file that exists."
        )


def labelled_people(image_records: list[dict], box: str = "bbox") -> list[dict]:
    """Return the people that are trained on and, where there is ground truth, evaluated.

    Left out are crowds, people without a labelled keypoint (by ``num_keypoints``, as COCO's
    evaluation does, and by v) and people whose box is empty.

    Args:
        box: the annotations' field (x, y, width, height) that becomes the record's ``bbox``.
    """
    return [
        _from_annotation(image, person, box)
        for image, person in _people(image_records)
        if _is_usable(person, box)
    ]


def has_ground_truth(image_records: list[dict]) -> bool:
    """Whether any person has keypoints; those of a test split are not public."""
    return any("keypoints" in person for _, person in _people(image_records))


def evaluated_people(image_records: list[dict], box: str = "bbox") -> list[dict]:
    """Return the labelled people or, in a split without ground truth, all that have a box."""
    if has_ground_truth(image_records):
        return labelled_people(image_records, box)
    return [
        _from_annotation(image, person, box)
        for image, person in _people(image_records)
        if min(person[box][2:]) > 0
    ]


def detected_people(image_records: list[dict], detections: dict[int, list[dict]]) -> list[dict]:
    """Return one record for each detection (``bbox`` x, y, width, height), in image order."""
    return [
        {
            **image_fields(image),
            "annotation_id": -1,
            "bbox": to_corners(detection["bbox"]),
            "box_score": float(detection["score"]),
        }
        for image in image_records
        for detection in detections.get(image["image_id"], [])
    ]


def given_people(image: dict, boxes: np.ndarray, box_scores: np.ndarray) -> list[dict]:
    """Return one record for each box of an image that is at hand.

    Args:
        image: ``file_name, image_id, decoded_image``.
        boxes: (N, 4) x1, y1, x2, y2, image pixels.
        box_scores: (N,).
    """
    return [
        {**image, "annotation_id": -1, "bbox": tuple(box), "box_score": score}
        for box, score in zip(boxes.tolist(), box_scores.tolist(), strict=True)
    ]


def _people(image_records: list[dict]) -> Iterator[tuple[dict, dict]]:
    return ((image, person) for image in image_records for person in image["annotations"])


def _is_usable(person: dict, box: str) -> bool:
    return (
        not person["iscrowd"]
        and person.get("num_keypoints", 0) > 0
        and any(v > 0 for v in person["keypoints"][2::3])
        and min(person[box][2:]) > 0
    )


def _from_annotation(image: dict, person: dict, box: str) -> dict:
    record = {
        **image_fields(image),
        "annotation_id": person["id"],
        "bbox": to_corners(person[box]),
        "box_score": 1.0,
        "area": person["area"],
    }
    if "keypoints" in person:
        record["keypoints"] = np.array(person["keypoints"], np.float32).reshape(-1, 3)
    return record


def image_fields(image: dict) -> dict:
    """Return what every record tells of its image."""
    return {key: image[key] for key in ("file_name", "image_id", "height", "width") if key in image}


def to_corners(box: Sequence[float]) -> tuple[float, float, float, float]:
    """x, y, width, height -> x1, y1, x2, y2."""
    x, y, width, height = box
    return (x, y, x + width, y + height)
