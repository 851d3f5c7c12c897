"""Evaluation of all people of an image on data sets in COCO's keypoint format."""

from collections.abc import Sequence

from detectron2.config import configurable

from .coco_average_precision import AP_METRICS, average_precision
from .image_predictions import ImagePredictions
from .keypoint_report import confidence_report
from .multi_person_evaluator import MultiPersonEvaluator
from .multi_person_report import found_visibility_report, select_found_people


class CocoMultiPersonEvaluator(MultiPersonEvaluator):
    """COCO's figures, and the errors and confidences of the keypoints of the people found.

    ``keypoints`` holds AP, AP50, AP75, APm, APl and AR, AR50, AR75, ARm, ARl, percent. Of the
    people whom the model finds (OKS at least 0.5) with its own gamma:

    * ``visibility``: see ``multi_person_report.found_visibility_report``;
    * ``confidence`` (a rule with confidence only): see ``keypoint_report.confidence_report``.
    """

    ap_metrics = AP_METRICS
    absent_people = "no annotated person is of that size"
    use_area = True
    tells_visibility = True

    @configurable
    def __init__(self, *, confidence_thresholds: Sequence[float], **arguments):
        """
        Args:
            confidence_thresholds: where precision and recall are reported.
            arguments: see ``MultiPersonEvaluator``.
        """
        super().__init__(**arguments)
        self._confidence_thresholds = confidence_thresholds

    @classmethod
    def from_config(cls, cfg, dataset_name: str, output_dir: str | None, has_confidence: bool):
        arguments = super().from_config(cfg, dataset_name, output_dir, has_confidence)
        return {**arguments, "confidence_thresholds": cfg.TEST.CONFIDENCE_THRESHOLDS}

    def score_people(self, coco_results: list[dict]) -> dict[str, float]:
        return average_precision(self._ground_truth, coco_results, self._sigmas)

    def measure_keypoints(self, predictions: ImagePredictions) -> dict[str, dict[str, float]]:
        found = select_found_people(
            predictions.people[""], self._gt_people, predictions.images, self._sigmas
        )
        results = {
            "visibility": found_visibility_report(found, self._gt_people, self._has_confidence)
        }
        if self._has_confidence:
            results["confidence"] = confidence_report(
                found, found["area"], self._sigmas, self._confidence_thresholds
            )
        return results
