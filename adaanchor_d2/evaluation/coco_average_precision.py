"""Average precision and recall as COCO and CrowdPose define them, computed by faster_coco_eval."""

import logging
from collections.abc import Sequence

import numpy as np
from faster_coco_eval import COCO, COCOeval_faster

from ..data.datasets.coco_json import PERSON_CATEGORY

# COCOeval's ten keypoint figures, in its order.
AP_METRICS = ("AP", "AP50", "AP75", "APm", "APl", "AR", "AR50", "AR75", "ARm", "ARl")
# The official CrowdPose evaluation's figures, in faster_coco_eval's order.
CROWDPOSE_METRICS = (
    *("AP", "AP50", "AP75", "AR", "AR50", "AR75"),
    *("APeasy", "APmedium", "APhard"),
)

logger = logging.getLogger(__name__)


def average_precision(
    ground_truth: dict, results: Sequence[dict], sigmas: Sequence[float]
) -> dict[str, float]:
    """AP and AR over the OKS thresholds 0.5 to 0.95, over all images of the ground truth.

    Args:
        ground_truth: content of a COCO keypoint file.
        results: COCO results with ``area`` and ``num_keypoints``; may be empty; not changed.
        sigmas: (K,), the skeleton's.

    Returns:
        :data:`AP_METRICS` in percent; a figure that has no person to measure is absent.
    """
    stats = _evaluate(ground_truth, results, sigmas, iouType="keypoints")
    return _in_percent(AP_METRICS, stats)


def crowdpose_average_precision(
    ground_truth: dict, results: Sequence[dict], sigmas: Sequence[float]
) -> dict[str, float]:
    """The figures of CrowdPose's official evaluation, over all images of the ground truth.

    It differs from COCO's: a person's area is 0.53 x box, and instead of the sizes of people there
    are ``APeasy``, ``APmedium``, ``APhard``, the AP of the images with a ``crowdIndex`` below 0.2,
    from 0.2 below 0.8, and from 0.8, which the official evaluation rounds to 0.01 %. As in
    COCO's, a person whose annotation says ``num_keypoints`` 0 is ignored, even if keypoints are
    labelled: in the official files that number leaves out head and neck.

    Args:
        ground_truth: content of a CrowdPose file, each image with ``crowdIndex``.
        results, sigmas: as in :func:`average_precision`.

    Returns:
        :data:`CROWDPOSE_METRICS` in percent; a figure that has no person to measure is absent.
    """
    stats = _evaluate(ground_truth, results, sigmas, iouType="keypoints_crowd", use_area=False)
    return _in_percent(CROWDPOSE_METRICS, stats)


def _evaluate(
    ground_truth: dict, results: Sequence[dict], sigmas: Sequence[float], **kind
) -> np.ndarray:
    """Run COCOeval and return its figures, fractions or -1."""
    images, categories = ground_truth["images"], ground_truth["categories"]
    numbered = [{**result, "id": number} for number, result in enumerate(results, start=1)]
    # Built directly: loadRes computes the same areas, but in a slow loop.
    detections = COCO({"images": images, "categories": categories, "annotations": numbered})
    truth = COCO(ground_truth)
    # Read again, and copied, for the images' crowdIndex; the people need no copy.
    truth.annotation_file = {"images": images}
    evaluation = COCOeval_faster(
        truth,
        detections,
        print_function=logger.debug,
        kpt_oks_sigmas=np.asarray(sigmas, dtype=np.float64),
        **kind,
    )
    evaluation.params.catIds = [PERSON_CATEGORY]
    evaluation.run()
    return evaluation.stats


def _in_percent(names: Sequence[str], stats: np.ndarray) -> dict[str, float]:
    return {
        name: 100 * float(value) for name, value in zip(names, stats, strict=True) if value >= 0
    }
