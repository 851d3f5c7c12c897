"""COCO's average precision and recall of keypoints, computed by faster_coco_eval."""

import logging
from collections.abc import Sequence

import numpy as np
from faster_coco_eval import COCO, COCOeval_faster

from .coco_results import PERSON_CATEGORY_ID

# COCOeval's ten keypoint figures, in its order.
AP_METRICS = ("AP", "AP50", "AP75", "APm", "APl", "AR", "AR50", "AR75", "ARm", "ARl")

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
    numbered = [{**result, "id": number} for number, result in enumerate(results, start=1)]
    # Built directly: loadRes computes the same areas, but in a slow loop.
    detections = COCO(
        {
            "images": ground_truth["images"],
            "categories": ground_truth["categories"],
            "annotations": numbered,
        }
    )
    evaluation = COCOeval_faster(
        COCO(ground_truth),
        detections,
        iouType="keypoints",
        print_function=logger.debug,
        kpt_oks_sigmas=np.asarray(sigmas, dtype=np.float64),
    )
    evaluation.params.catIds = [PERSON_CATEGORY_ID]
    evaluation.run()
    stats = dict(zip(AP_METRICS, evaluation.stats, strict=True))
    return {name: 100 * float(value) for name, value in stats.items() if value >= 0}
