"""Predicted people in COCO's result format, written and read.

This is where a coordinate loses the half pixel that it got when annotations were read, and where
one of a file of results gets it again.
"""

import math
import os
from collections import defaultdict
from typing import NamedTuple

import numpy as np
import orjson
import torch
from detectron2.utils.file_io import PathManager

from ..data.datasets.coco_json import PERSON_CATEGORY, read_json
from ..errors import InputError
from .image_predictions import Table
from .person_predictions import PersonPredictions

# Decimals of written keypoints: finer than float32 above 8 px, and twice as fast to write as all.
_DECIMALS = 6
# What is added to x, y, score of a file's keypoints when they are read.
_KEYPOINT_SHIFT = np.array([0.5, 0.5, 0.0])


class _OptionalField(NamedTuple):
    """A field of result files that not every model writes, flat over the K keypoints.

    Attributes:
        name: in the file.
        column: (N, K, *shape) of predictions.
        shape: of a keypoint's values.
        shift: what is added when the file is read.
    """

    name: str
    column: str
    shape: tuple[int, ...]
    shift: float


_OPTIONAL_FIELDS = (
    _OptionalField("keypoint_anchors", "anchors", shape=(2,), shift=0.5),
    _OptionalField("keypoint_spread", "spread", shape=(), shift=0.0),
)


def rescore_people(
    box_scores: np.ndarray, keypoint_scores: np.ndarray, threshold: float
) -> np.ndarray:
    """SimplePose's person score: box score x mean score of the keypoints above ``threshold``.

    Args:
        box_scores: (N,).
        keypoint_scores: (N, K).

    Returns:
        (N,); 0 for a person without a keypoint above the threshold.
    """
    above = keypoint_scores > threshold
    total = np.where(above, keypoint_scores, 0.0).sum(axis=1)
    return box_scores * total / np.maximum(above.sum(axis=1), 1)


def to_coco_results(predictions: PersonPredictions, person_scores: np.ndarray) -> list[dict]:
    """Build COCO's list of results from N predicted people.

    Args:
        predictions: see ``person_predictions``; not changed.
        person_scores: (N,).

    Returns:
        N dicts: image_id, category_id (1), keypoints (flat list x, y, score of length 3K, in COCO's
        pixel coordinates, 0.5 less than continuous ones; rounded to 6 decimals), score, area (of
        the box around the keypoints, as pycocotools' loadRes computes it), num_keypoints (K); and
        where the predictions have them, keypoint_anchors (flat list x, y of length 2K, coordinates
        as of the keypoints) and keypoint_spread (K, pixels). There is no ``bbox``: where results
        have one, loadRes takes the area from it, and APm and APl change.
    """
    keypoints = np.round(predictions["keypoints"] - _KEYPOINT_SHIFT, _DECIMALS)
    num_people, num_keypoints = keypoints.shape[:2]
    extent = np.ptp(keypoints[..., :2], axis=1)
    columns = zip(
        predictions["image_id"].tolist(),
        keypoints.reshape(num_people, 3 * num_keypoints).tolist(),
        person_scores.tolist(),
        extent.prod(axis=1).tolist(),
        strict=True,
    )
    results = [
        {
            "image_id": image_id,
            "category_id": PERSON_CATEGORY,
            "keypoints": flat_keypoints,
            "score": score,
            "area": area,
            "num_keypoints": num_keypoints,
        }
        for image_id, flat_keypoints, score, area in columns
    ]
    for field in _OPTIONAL_FIELDS:
        if field.column in predictions:
            values = np.round(predictions[field.column] - field.shift, _DECIMALS)
            for result, person in zip(results, values, strict=True):
                result[field.name] = person.ravel().tolist()
    return results


def write_coco_results(results: list[dict], output_dir: str) -> None:
    """Write Detectron2's two result files.

    ``coco_instances_results.json`` holds the list; ``instances_predictions.pth`` holds the same
    people by image, as dicts with ``image_id`` and ``instances``.
    """
    PathManager.mkdirs(output_dir)
    with PathManager.open(os.path.join(output_dir, "coco_instances_results.json"), "wb") as file:
        file.write(orjson.dumps(results))  # In a twelfth of the json module's time.
    by_image = defaultdict(list)
    for result in results:
        by_image[result["image_id"]].append(result)
    content = [{"image_id": key, "instances": people} for key, people in by_image.items()]
    with PathManager.open(os.path.join(output_dir, "instances_predictions.pth"), "wb") as file:
        torch.save(content, file)


def read_coco_results(json_file: str, num_keypoints: int) -> Table:
    """Read the people of a file of results, at least one.

    Returns:
        As ``ImagePredictions.people``: ``image_id`` (N,), ``keypoints`` (N, K, 3) with x and y in
        continuous image pixels (0.5 more than in the file), ``score`` (N,); and where all entries
        have them ``anchors`` (N, K, 2), likewise, and ``spread`` (N, K), pixels.

    Raises:
        InputError: naming the file and the entry at fault.
    """
    results = _parse(json_file)
    if not isinstance(results, list):
        raise InputError(f"Result file {json_file} is no list of predicted people.")
    if not results:
        raise InputError(f"Result file {json_file} holds nobody: its list is empty.")
    for number, result in enumerate(results):
        problem = _result_problem(result, num_keypoints)
        if problem:
            raise InputError(f"Result file {json_file}: entry {number} {problem}.")
    in_file = np.array([result["keypoints"] for result in results], dtype=np.float64)
    return {
        "image_id": np.array([result["image_id"] for result in results], dtype=np.int64),
        "keypoints": in_file.reshape(-1, num_keypoints, 3) + _KEYPOINT_SHIFT,
        "score": np.array([result["score"] for result in results], dtype=np.float64),
        **_read_optional_fields(results, num_keypoints),
    }


def _parse(json_file: str):
    try:
        with open(json_file, "rb") as file:
            return orjson.loads(file.read())  # In two thirds of the json module's time.
    except (OSError, ValueError):
        return read_json(json_file, "Result file")  # Says what is wrong, and where.


def _read_optional_fields(results: list[dict], num_keypoints: int) -> Table:
    table = {}
    for field in _OPTIONAL_FIELDS:
        if all(field.name in result for result in results):
            values = np.array([result[field.name] for result in results], dtype=np.float64)
            values = values.reshape(-1, num_keypoints, *field.shape)
            table[field.column] = values + field.shift
    return table


def _result_problem(result, num_keypoints: int) -> str | None:
    if not isinstance(result, dict) or not {"image_id", "keypoints", "score"} <= result.keys():
        return "is no object with image_id, keypoints and score"
    if not isinstance(result["image_id"], int):
        return f"has image_id {result['image_id']!r}, which is not a whole number"
    category = result.get("category_id", PERSON_CATEGORY)
    if category != PERSON_CATEGORY:
        return f"has category_id {category!r}, but people have {PERSON_CATEGORY}"
    lengths = {"keypoints": 3 * num_keypoints}
    for field in _OPTIONAL_FIELDS:
        if field.name in result:
            lengths[field.name] = math.prod(field.shape) * num_keypoints
    for name, length in lengths.items():
        if not isinstance(result[name], list):
            return f"has {name} that are not a list of {length} numbers"
        if len(result[name]) != length:
            return f"has {name} that are not a list of {length} numbers but of {len(result[name])}"
        if not _are_finite(result[name]):
            return f"has {name} that are not finite numbers"
    return None if _are_finite([result["score"]]) else "has a score that is not a finite number"


def _are_finite(values: list) -> bool:
    try:
        return all(map(math.isfinite, values))
    except (TypeError, OverflowError):
        return False
