"""The annotations that COCO evaluation compares with."""

from collections.abc import Sequence

import numpy as np

from ..data.datasets.coco_json import PERSON_CATEGORY, fill_in_defaults, is_of_other_category
from ..data.datasets.coco_problems import read_keypoint_file
from ..data.skeletons import Skeleton
from ..errors import InputError, name_first


def load_coco_ground_truth(
    json_files: Sequence[str], skeleton: Skeleton, use_area: bool = True
) -> dict:
    """Read COCO keypoint files by the rules of the data set's reader: what trains, evaluates.

    Args:
        json_files: of one data set, whose image and annotation ids differ; the reader checks that.
        use_area: False: every person's ``area`` is 0.53 x box, as in CrowdPose's evaluation,
            whatever the file says.

    Returns:
        The files' ``images``; the ``annotations`` of their people only, with ``iscrowd``, ``area``
        and ``num_keypoints`` filled in where they are absent; the one category (the person's).

    Raises:
        InputError: what the reader refuses.
    """
    contents = [read_keypoint_file(json_file, skeleton) for json_file in json_files]
    return {
        "images": [image for content in contents for image in content["images"]],
        "annotations": [
            fill_in_defaults(annotation if use_area else _without_area(annotation))
            for content in contents
            for annotation in content["annotations"]
            if not is_of_other_category(annotation)
        ],
        "categories": [{"id": PERSON_CATEGORY, "name": "person"}],
    }


def check_image_ids(image_ids: Sequence[int], ground_truth: dict, source: str) -> None:
    """Raise InputError where an image of the predictions is not in the ground truth.

    ``source`` names the ground truth's files.
    """
    known = [image["id"] for image in ground_truth["images"]]
    predicted = np.unique(image_ids)
    unknown = np.setdiff1d(predicted, known)
    if len(unknown):
        raise InputError(
            f"{len(unknown)} of {len(predicted)} images with predictions are not in {source}: "
            f"image id {name_first(unknown.tolist())}."
        )


def evaluated_people(ground_truth: dict, num_keypoints: int) -> dict[str, np.ndarray]:
    """The people whom AP counts: no crowds, ``num_keypoints`` above 0.

    Returns:
        ``image_id`` (N,), ``annotation_id`` (N,), ``area`` (N,) and ``keypoints`` (N, K, 3): x, y
        in continuous image pixels (0.5 more than in the file), v.
    """
    people = [
        person
        for person in ground_truth["annotations"]
        if not person["iscrowd"] and person["num_keypoints"] > 0
    ]
    in_file = np.array([person["keypoints"] for person in people], dtype=np.float64)
    return {
        "image_id": np.array([person["image_id"] for person in people], dtype=np.int64),
        "annotation_id": np.array([person["id"] for person in people], dtype=np.int64),
        "area": np.array([person["area"] for person in people], dtype=np.float64),
        "keypoints": in_file.reshape(-1, num_keypoints, 3) + np.array([0.5, 0.5, 0.0]),
    }


def _without_area(annotation: dict) -> dict:
    return {key: value for key, value in annotation.items() if key != "area"}
