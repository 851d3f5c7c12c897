"""Predicted people in COCO's result format.

This is where a coordinate loses the half pixel that it got when annotations were read.
"""

import json
import os
from collections import defaultdict

import numpy as np
import torch
from detectron2.utils.file_io import PathManager

from ..data.datasets.coco_json import PERSON_CATEGORY
from .person_predictions import PersonPredictions

# Decimals of written keypoints: finer than float32 above 8 px, and twice as fast to write as all.
_DECIMALS = 6


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
        the box around the keypoints, as pycocotools' loadRes computes it), num_keypoints (K). There
        is no ``bbox``: where results have one, loadRes takes the area from it, and APm and APl
        change.
    """
    keypoints = np.round(predictions["keypoints"] - np.array([0.5, 0.5, 0.0]), _DECIMALS)
    num_people, num_keypoints = keypoints.shape[:2]
    extent = np.ptp(keypoints[..., :2], axis=1)
    columns = zip(
        predictions["image_id"].tolist(),
        keypoints.reshape(num_people, 3 * num_keypoints).tolist(),
        person_scores.tolist(),
        extent.prod(axis=1).tolist(),
        strict=True,
    )
    return [
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


def write_coco_results(results: list[dict], output_dir: str) -> None:
    """Write Detectron2's two result files.

    ``coco_instances_results.json`` holds the list; ``instances_predictions.pth`` holds the same
    people by image, as dicts with ``image_id`` and ``instances``.
    """
    PathManager.mkdirs(output_dir)
    with PathManager.open(os.path.join(output_dir, "coco_instances_results.json"), "w") as file:
        # One string without indentation: the way that uses json's C encoder.
        file.write(json.dumps(results))
    by_image = defaultdict(list)
    for result in results:
        by_image[result["image_id"]].append(result)
    content = [{"image_id": key, "instances": people} for key, people in by_image.items()]
    with PathManager.open(os.path.join(output_dir, "instances_predictions.pth"), "wb") as file:
        torch.save(content, file)
