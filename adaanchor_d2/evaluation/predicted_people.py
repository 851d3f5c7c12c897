"""The people of a file that an evaluator wrote for a data set, whatever the set's format."""

from collections.abc import Sequence

import numpy as np
from detectron2.data import MetadataCatalog

from ..errors import InputError, name_first
from .coco_results import read_coco_results
from .entry_results import TO_CONTINUOUS, read_entry_results
from .image_predictions import Table


def read_predicted_people(json_file: str, dataset_name: str, records: Sequence[dict]) -> Table:
    """Read ``coco_instances_results.json``, or of data sets with one person (or face) an entry
    ``keypoint_predictions.json``.

    Args:
        dataset_name: registered data set with ``skeleton`` in its metadata.
        records: all of its image records.

    Returns:
        See ``read_coco_results``; the second kind of files has no ``score``.

    Raises:
        InputError: naming the file and the entry at fault, or what the data set does not have.
    """
    metadata = MetadataCatalog.get(dataset_name)
    num_keypoints = metadata.skeleton.num_keypoints
    shift = TO_CONTINUOUS.get(metadata.get("evaluator_type"))
    if shift is None:
        people = read_coco_results(json_file, num_keypoints)
        known = [record["image_id"] for record in records]
        _require_known(people["image_id"], known, "images", json_file, dataset_name)
        return people
    people = read_entry_results(json_file, num_keypoints, shift)
    image_of = {
        person["id"]: record["image_id"] for record in records for person in record["annotations"]
    }
    ids = people["annotation_id"]
    _require_known(ids, image_of, "annotations", json_file, dataset_name)
    return {**people, "image_id": np.array([image_of[number] for number in ids.tolist()])}


def _require_known(ids: np.ndarray, known, what: str, json_file: str, dataset_name: str) -> None:
    unknown = sorted(set(ids.tolist()) - set(known))
    if unknown:
        raise InputError(
            f"Result file {json_file} names {what} that the data set '{dataset_name}' does not "
            f"have: {name_first(unknown)}."
        )
