"""From image records to one record a person, for models that see one person at a time.

A person record has ``file_name, image_id, height, width, annotation_id`` (-1 for a detector's
box), ``bbox`` (x1, y1, x2, y2; image pixels), ``box_score`` (1.0 for ground truth) and, for ground
truth, ``keypoints`` (K, 3) float32 (x, y in continuous image pixels, v) and ``area``.
"""

import numpy as np


def labelled_people(image_records: list[dict]) -> list[dict]:
    """Return the people that are trained on and evaluated.

    Left out are crowds, people without a labelled keypoint (by ``num_keypoints``, as COCO's
    evaluation does, and by v) and people whose box is empty.
    """
    return [
        _from_annotation(image, person)
        for image in image_records
        for person in image["annotations"]
        if _is_usable(person)
    ]


def detected_people(image_records: list[dict], detections: dict[int, list[dict]]) -> list[dict]:
    """Return one record for each detection (``bbox`` x, y, width, height), in image order."""
    return [
        {
            **_image_fields(image),
            "annotation_id": -1,
            "bbox": _to_corners(detection["bbox"]),
            "box_score": float(detection["score"]),
        }
        for image in image_records
        for detection in detections.get(image["image_id"], [])
    ]


def _is_usable(person: dict) -> bool:
    return (
        not person["iscrowd"]
        and person["num_keypoints"] > 0
        and any(v > 0 for v in person["keypoints"][2::3])
        and min(person["bbox"][2:]) > 0
    )


def _from_annotation(image: dict, person: dict) -> dict:
    return {
        **_image_fields(image),
        "annotation_id": person["id"],
        "bbox": _to_corners(person["bbox"]),
        "box_score": 1.0,
        "keypoints": np.array(person["keypoints"], np.float32).reshape(-1, 3),
        "area": person["area"],
    }


def _image_fields(image: dict) -> dict:
    return {key: image[key] for key in ("file_name", "image_id", "height", "width")}


def _to_corners(box: list[float]) -> tuple[float, float, float, float]:
    x, y, width, height = box
    return (x, y, x + width, y + height)
