"""The annotation file that COCO evaluation compares with."""

from ..data.datasets.coco_json import (
    fill_in_defaults,
    find_problems,
    is_of_other_category,
    read_json,
)
from ..data.skeletons import Skeleton
from ..errors import InputError
from .coco_results import PERSON_CATEGORY_ID


def load_coco_ground_truth(json_file: str, skeleton: Skeleton) -> dict:
    """Read a COCO keypoint file by the rules of the data set's reader: what trains, evaluates.

    Returns:
        The file's ``images``; the ``annotations`` of its people only, with ``iscrowd``, ``area``
        and ``num_keypoints`` filled in where they are absent; the one category (the person's).

    Raises:
        InputError: what the reader refuses.
    """
    content = read_json(json_file, "annotation file")
    for problem in find_problems(content, json_file, skeleton):
        if problem.fatal:
            raise InputError(problem.message)
    return {
        "images": content["images"],
        "annotations": [
            fill_in_defaults(annotation)
            for annotation in content["annotations"]
            if not is_of_other_category(annotation)
        ],
        "categories": [{"id": PERSON_CATEGORY_ID, "name": "person"}],
    }
