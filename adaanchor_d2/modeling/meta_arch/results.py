"""What the decoders of multi-person models share: who counts, and the form of the results.

K keypoint types, N people.
"""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch
from detectron2.structures import Boxes, Instances

from ..decoders import LocatedKeypoints
from ..score_calibration import ScoreCalibration


def drop_padding(located: LocatedKeypoints, image_sizes: Sequence[tuple[int, int]]) -> None:
    """Make what was found from an anchor in the padding invalid, in place.

    Args:
        located: on the CPU.
        image_sizes: (height, width) of each image without padding, input pixels.
    """
    height, width = np.array(image_sizes).T[..., None, None]
    anchor_xy, valid = located.anchor_xy.numpy(), located.valid.numpy()
    valid &= (anchor_xy[..., 0] < width) & (anchor_xy[..., 1] < height)


def pose_instances(
    rows: np.ndarray,
    anchors: np.ndarray,
    person_score: np.ndarray,
    image_size: tuple[int, int],
    spread: np.ndarray | None = None,
) -> Instances:
    """Return N people with ``pred_keypoints`` (N, K, 3), x, y, score; ``pred_keypoint_anchors``
    (N, K, 2); ``scores`` (N,); ``pred_boxes``, around the keypoints; and with a spread
    ``pred_keypoint_spread`` (N, K). All are float32.

    Args:
        rows: (N, K, 3), x and y in pixels of the original image, and the score of each keypoint.
        anchors: (N, K, 2) likewise.
        person_score: (N,).
        image_size: (height, width) of the original image.
        spread: (N, K), pixels of the original image.
    """
    points = rows[..., :2]
    boxes = np.concatenate((points.min(axis=1), points.max(axis=1)), axis=1)
    instances = Instances(image_size)
    instances.pred_keypoints = torch.from_numpy(rows.astype(np.float32))
    instances.pred_keypoint_anchors = torch.from_numpy(anchors.astype(np.float32))
    instances.scores = torch.from_numpy(person_score.astype(np.float32))
    instances.pred_boxes = Boxes(torch.from_numpy(boxes.astype(np.float32)))
    if spread is not None:
        instances.pred_keypoint_spread = torch.from_numpy(spread.astype(np.float32))
    return instances


def gather_results(
    instances: dict[float, list], rows: dict[float, list], gamma: float, gammas: Sequence[float]
) -> list[dict]:
    """Return one result per image from what was decoded at each threshold.

    Args:
        instances, rows: threshold -> one value per image.
        gamma, gammas: the model's threshold, and the further ones.
    """
    results = [
        {"instances": people, "keypoints": keypoints}
        for people, keypoints in zip(instances[gamma], rows[gamma], strict=True)
    ]
    for index, result in enumerate(results if gammas else ()):
        result["instances_by_gamma"] = {g: instances[g][index] for g in gammas}
        result["keypoints_by_gamma"] = {g: rows[g][index] for g in gammas}
    return results


def calibrate_results(results: list[dict], calibration: ScoreCalibration) -> list[dict]:
    """Return results, one an image, with calibrated keypoint scores.

    The scores before are ``pred_keypoint_confidence`` (N, K) of the instances: what ranks people is
    computed from them. ``scores`` of people stay as they are.
    """

    def of_people(people: Instances) -> Instances:
        calibrated = Instances(people.image_size, **people.get_fields())
        calibrated.pred_keypoint_confidence = people.pred_keypoints[..., 2]
        calibrated.pred_keypoints = of_rows(people.pred_keypoints)
        return calibrated

    def of_rows(rows: torch.Tensor) -> torch.Tensor:
        rows = rows.clone()
        rows[..., 2] = calibration(rows[..., 2])
        return rows

    calibrate = {"instances": of_people, "keypoints": of_rows}
    calibrate |= {
        f"{key}_by_gamma": partial(_map_values, change) for key, change in calibrate.items()
    }
    return [{key: calibrate[key](value) for key, value in result.items()} for result in results]


def _map_values(change: Callable, values: dict) -> dict:
    return {key: change(value) for key, value in values.items()}
