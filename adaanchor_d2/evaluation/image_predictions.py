"""What an evaluator keeps of each image that a multi-person model has seen.

Shapes: I images, N people and M located keypoints in all of them, K keypoint types. Coordinates
are continuous pixels of the original image.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from detectron2.structures import Instances

from .person_predictions import (
    check_finite,
    collect_optional,
    concatenate_predictions,
    select_predictions,
    to_array,
)

# A dict of arrays with as many rows each.
Table = dict[str, np.ndarray]


class ImagePredictions(NamedTuple):
    """Tables. Those in dicts are by how they were decoded: "" with the model's own gamma,
    "_gamma0.1" (for example) with that gamma of TEST.GAMMAS.

    Attributes:
        images: ``image_id`` (I,), ``crop_to_image`` (I, 2, 3): from network input to image.
        people: ``image_id`` (N,), ``keypoints`` (N, K, 3): x, y, score, ``score`` (N,);
            where the model gives them, ``anchors`` (N, K, 2) and ``spread`` (N, K), pixels.
        located: ``image_id`` (M,), ``keypoints`` (M, 4): x, y, score, type; before grouping. Empty
            where the model does not give them.
    """

    images: Table
    people: dict[str, Table]
    located: dict[str, Table]


def collect_images(inputs: Sequence[dict], outputs: Sequence[dict]) -> ImagePredictions:
    """Copy a batch of mapped images and a multi-person model's outputs to arrays."""
    crop_to_image = [np.asarray(sample["crop_to_image"], dtype=np.float64) for sample in inputs]
    return ImagePredictions(
        images={"image_id": _image_ids(inputs), "crop_to_image": np.stack(crop_to_image)},
        people={
            decoding: collect_people(inputs, instances)
            for decoding, instances in _by_decoding(outputs, "instances").items()
        },
        located={
            decoding: _collect_located(inputs, keypoints)
            for decoding, keypoints in _by_decoding(outputs, "keypoints").items()
        },
    )


def join_images(parts: Sequence[ImagePredictions]) -> ImagePredictions:
    """Join at least one part, ordered by image; an image's rows keep their order."""
    return ImagePredictions(
        images=_join([part.images for part in parts]),
        people={key: _join([part.people[key] for part in parts]) for key in parts[0].people},
        located={key: _join([part.located[key] for part in parts]) for key in parts[0].located},
    )


def _join(tables: Sequence[Table]) -> Table:
    table = concatenate_predictions(tables)
    return select_predictions(table, np.argsort(table["image_id"], kind="stable"))


def _by_decoding(outputs: Sequence[dict], key: str) -> dict[str, list]:
    """The outputs' ``key`` and ``key``_by_gamma: decoding -> one value an image."""
    first = outputs[0]
    values = {"": [output[key] for output in outputs]} if key in first else {}
    for gamma in first.get(f"{key}_by_gamma", {}):
        values[f"_gamma{gamma:g}"] = [output[f"{key}_by_gamma"][gamma] for output in outputs]
    return values


def collect_people(inputs: Sequence[dict], instances: Sequence[Instances]) -> Table:
    """Copy the people of images to arrays, see :class:`ImagePredictions`.

    Args:
        inputs: each with the image's ``image_id`` and ``file_name``.
        instances: of each image.
    """
    table = {
        "image_id": np.repeat(_image_ids(inputs), [len(people) for people in instances]),
        "keypoints": to_array([people.pred_keypoints for people in instances]),
        "score": to_array([people.scores for people in instances]),
        **collect_optional(instances),
    }
    check_finite(table["keypoints"], table["image_id"], inputs)
    return table


def _collect_located(inputs: Sequence[dict], keypoints: Sequence[torch.Tensor]) -> Table:
    table = {
        "image_id": np.repeat(_image_ids(inputs), [len(located) for located in keypoints]),
        "keypoints": to_array(keypoints),
    }
    check_finite(table["keypoints"], table["image_id"], inputs)
    return table


def _image_ids(inputs: Sequence[dict]) -> np.ndarray:
    return np.array([sample["image_id"] for sample in inputs], dtype=np.int64)
