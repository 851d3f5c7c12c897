"""What an evaluator keeps of each predicted person: a dict of arrays, one row a person.

Shapes: N people, K keypoint types. Image coordinates are continuous pixels of the original image,
crop coordinates those of the network input.

* ``image_id`` (N,), ``annotation_id`` (N,; -1 for a detector box), int64
* ``keypoints`` (N, K, 3): x, y in the image, score
* ``box`` (N, 4): XYXY in the image; ``box_score`` (N,)
* ``crop_area`` (N,): of the crop, padding included, in square image pixels
* where the model gives them, ``anchors`` (N, K, 2) in the image, ``spread`` (N, K) in image pixels,
  ``confidence`` (N, K), the scores before they were calibrated
* with ground-truth boxes also ``gt_keypoints`` (N, K, 3): x, y in the crop, v; and
  ``crop_to_image`` (N, 2, 3): the affine map from crop to image
"""

from collections.abc import Sequence

import numpy as np
import torch
from detectron2.structures import Instances

from ..errors import InputError

PersonPredictions = dict[str, np.ndarray]

# Column -> field of Instances, for what not every model gives.
_OPTIONAL = {
    "anchors": "pred_keypoint_anchors",
    "spread": "pred_keypoint_spread",
    "confidence": "pred_keypoint_confidence",
}


def collect_predictions(
    inputs: Sequence[dict], outputs: Sequence[dict], with_ground_truth: bool
) -> PersonPredictions:
    """Copy a batch of mapped samples and model outputs, one person each, to arrays."""
    instances = [output["instances"] for output in outputs]
    crop_to_image = np.stack(
        [np.asarray(sample["crop_to_image"], dtype=np.float64) for sample in inputs]
    )
    crop_size = np.array([sample["image"].shape[-2:] for sample in inputs])
    predictions = {
        "image_id": np.array([sample["image_id"] for sample in inputs], dtype=np.int64),
        "annotation_id": np.array([sample["annotation_id"] for sample in inputs], dtype=np.int64),
        "keypoints": to_array([person.pred_keypoints for person in instances]),
        "box": to_array([person.pred_boxes.tensor for person in instances]),
        "box_score": to_array([person.scores for person in instances]),
        "crop_area": np.abs(np.linalg.det(crop_to_image[:, :, :2])) * crop_size.prod(axis=1),
        **collect_optional(instances),
    }
    if with_ground_truth:
        predictions["gt_keypoints"] = np.stack(
            [np.asarray(sample["keypoints"], dtype=np.float64) for sample in inputs]
        )
        predictions["crop_to_image"] = crop_to_image
    check_finite(predictions["keypoints"], predictions["image_id"], inputs)
    return predictions


def collect_optional(instances: Sequence[Instances]) -> PersonPredictions:
    """Copy the columns that not every model gives to arrays, each where the instances have it."""
    return {
        column: to_array([people.get(field) for people in instances])
        for column, field in _OPTIONAL.items()
        if all(people.has(field) for people in instances)
    }


def concatenate_predictions(parts: Sequence[PersonPredictions]) -> PersonPredictions:
    """Join the rows of at least one part."""
    return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}


def select_predictions(predictions: PersonPredictions, rows: np.ndarray) -> PersonPredictions:
    return {key: values[rows] for key, values in predictions.items()}


def sort_predictions(predictions: PersonPredictions) -> PersonPredictions:
    """Order by image, annotation, box score and box, so that results do not depend on sharding."""
    box = predictions["box"]
    order = np.lexsort(
        (
            *box.T[::-1],
            -predictions["box_score"],
            predictions["annotation_id"],
            predictions["image_id"],
        )
    )
    return select_predictions(predictions, order)


def apply_affine(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Map points (N, K, 2) by affine matrices (N, 2, 3)."""
    return np.einsum("nij,nkj->nki", matrix[:, :, :2], points) + matrix[:, None, :, 2]


def invert_affine(matrix: np.ndarray) -> np.ndarray:
    """Invert affine matrices (N, 2, 3)."""
    linear = np.linalg.inv(matrix[:, :, :2])
    shift = -np.einsum("nij,nj->ni", linear, matrix[:, :, 2])
    return np.concatenate([linear, shift[:, :, None]], axis=2)


def to_array(tensors: Sequence[torch.Tensor]) -> np.ndarray:
    """Join tensors along their rows in one float64 array."""
    # Joined before the copy: one transfer a batch. float64 is exact for every float type.
    return torch.cat(list(tensors)).detach().cpu().double().numpy()


def check_finite(keypoints: np.ndarray, image_id: np.ndarray, inputs: Sequence[dict]) -> None:
    """Raise InputError where a row of keypoints (N, ...), of image_id (N,), is not finite."""
    finite = np.isfinite(keypoints).all(axis=tuple(range(1, keypoints.ndim)))
    if not finite.all():
        bad_id = image_id[~finite][0]
        file_name = next(sample["file_name"] for sample in inputs if sample["image_id"] == bad_id)
        raise InputError(
            f"The model predicts a keypoint that is not a finite number in {file_name} (image id "
            f"{bad_id})."
        )
