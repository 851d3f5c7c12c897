"""From the readers' image records to those of ``WholeImageMapper``: one sample an image.

Such a record has ``file_name, image_id, height, width`` (the last two where the annotations tell
them) and, where the data set has ground truth,

* ``annotation_ids``: of the P people with a labelled keypoint, crowds left out;
* ``people_keypoints``: (P, K, 3) float32, x, y in continuous image pixels and v;
* ``ignored``: the annotations (``id, bbox, segmentation``) of crowds and of people without a
  labelled keypoint.

A record may bring its image, ``decoded_image`` (H, W, 3) uint8 BGR; then no file is read.
"""

import numpy as np

from ..errors import InputError
from .datasets.segmentation import regions_mask, segmentation_problem
from .person_records import has_ground_truth, image_fields


def evaluated_images(image_records: list[dict], num_keypoints: int) -> list[dict]:
    """Return a record for every image; K is ``num_keypoints``."""
    if not has_ground_truth(image_records):
        return [image_fields(image) for image in image_records]
    return [_with_people(image, num_keypoints) for image in image_records]


def trained_images(
    image_records: list[dict], num_keypoints: int, with_empty_images: bool
) -> list[dict]:
    """Return the images with a labelled person and, if asked, those without, as negatives."""
    records = evaluated_images(image_records, num_keypoints)
    return [r for r in records if with_empty_images or r.get("annotation_ids")]


def ignore_mask(record: dict, height: int, width: int) -> np.ndarray | None:
    """Return the mask (H, W) uint8 of what is not supervised in the image, 1 there.

    It covers ``ignored``: their segmentation, else their box. None where there are none, so that
    images without them cost nothing.

    Args:
        height, width: of the decoded image, pixels.

    Raises:
        InputError: naming the annotation whose segmentation cannot be read.
    """
    if not record["ignored"]:
        return None
    for region in record["ignored"]:
        problem = segmentation_problem(region.get("segmentation"), height, width)
        if problem:
            raise InputError(
                f"Annotation {region['id']} of image {record['file_name']} has a segmentation that "
                f"{problem}."
            )
    regions = [(region.get("segmentation"), region["bbox"]) for region in record["ignored"]]
    try:
        return regions_mask(regions, height, width)
    except ValueError:
        ids = ", ".join(str(region["id"]) for region in record["ignored"])
        raise InputError(
            f"A segmentation of image {record['file_name']} has compressed counts that do not "
            f"unfold to {height} x {width} pixels (one of the annotations {ids})."
        ) from None


def _with_people(image: dict, num_keypoints: int) -> dict:
    people, ignored = [], []
    for person in image["annotations"]:
        is_target = not person["iscrowd"] and any(v > 0 for v in person["keypoints"][2::3])
        (people if is_target else ignored).append(person)
    keypoints = np.array([person["keypoints"] for person in people], np.float32)
    return {
        **image_fields(image),
        "annotation_ids": [person["id"] for person in people],
        "people_keypoints": keypoints.reshape(len(people), num_keypoints, 3),
        "ignored": [
            {key: person[key] for key in ("id", "bbox", "segmentation") if key in person}
            for person in ignored
        ],
    }
