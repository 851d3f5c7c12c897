"""Evaluation of single-person predictions on data sets in COCO's keypoint format."""

import logging
from collections.abc import Sequence

import numpy as np
from detectron2.config import configurable

from ..errors import InputError
from .build import EVALUATOR_REGISTRY
from .coco_average_precision import average_precision
from .coco_ground_truth import check_image_ids, load_coco_ground_truth
from .coco_multi_person_evaluator import CocoMultiPersonEvaluator
from .coco_results import rescore_people, to_coco_results, write_coco_results
from .keypoint_report import confidence_report, visibility_report
from .metadata import choose_sigmas, find_annotation_files
from .oks_nms import oks_nms
from .person_evaluator import GROUND_TRUTH_BOXES, PersonEvaluator
from .person_predictions import PersonPredictions, select_predictions
from .result_log import log_results

logger = logging.getLogger(__name__)


class CocoKeypointEvaluator(PersonEvaluator):
    """COCO's AP and AR, and the errors and confidences of visible and hidden keypoints.

    ``process`` takes mapped samples and the outputs of a single-person model. ``evaluate`` gathers
    over processes and returns, on the main process only:

    * ``keypoints`` (``keypoints_detector_boxes`` with detector boxes): AP, AP50, AP75, APm, APl and
      AR, AR50, AR75, ARm, ARl, percent. All images of the annotation file count, also those
      without predictions.
    * ``visibility`` (ground-truth boxes only): see ``metrics.visibility_errors``, in
      network-input pixels.
    * ``confidence`` (ground-truth boxes and a rule with confidence only): see
      ``keypoint_report.confidence_report``.

    What does not exist is absent from the results, and the log says so.
    """

    @configurable
    def __init__(
        self,
        *,
        dataset_name: str,
        output_dir: str | None,
        has_confidence: bool,
        person_boxes: str,
        rescore_threshold: float | None,
        oks_nms_threshold: float,
        confidence_thresholds: Sequence[float],
        oks_sigmas: Sequence[float],
    ):
        """
        Args:
            dataset_name: registered data set with its files and ``skeleton`` in its metadata.
            output_dir: gets coco_instances_results.json and instances_predictions.pth; None: no
                files.
            has_confidence: whether the anchor rule gives a score to each keypoint.
            person_boxes: "ground_truth", or where the detector's boxes come from.
            rescore_threshold: person score = box score x mean score of the keypoints above this;
                None: the box score.
            oks_nms_threshold: OKS above which the weaker of two people is removed; detector boxes
                only. A person's area is that of the padded crop, as in SimplePose.
            confidence_thresholds: where precision and recall are reported.
            oks_sigmas: (K,); empty: the skeleton's.
        """
        super().__init__(
            dataset_name=dataset_name,
            output_dir=output_dir,
            person_boxes=person_boxes,
            keep_targets=person_boxes == GROUND_TRUTH_BOXES,
        )
        self._has_confidence = has_confidence
        self._rescore_threshold = rescore_threshold
        self._oks_nms_threshold = oks_nms_threshold
        self._confidence_thresholds = confidence_thresholds
        self._sigmas = choose_sigmas(oks_sigmas, self._skeleton)
        json_files = find_annotation_files(dataset_name)
        self._source = " and ".join(json_files)
        self._ground_truth = load_coco_ground_truth(json_files, self._skeleton)

    @classmethod
    def from_config(cls, cfg, dataset_name: str, output_dir: str | None, has_confidence: bool):
        return {
            "dataset_name": dataset_name,
            "output_dir": output_dir,
            "has_confidence": has_confidence,
            "person_boxes": cfg.INPUT.PERSON_BOXES,
            "rescore_threshold": cfg.TEST.RESCORE_THRESHOLD if cfg.TEST.RESCORE else None,
            "oks_nms_threshold": cfg.TEST.OKS_NMS_THRESHOLD,
            "confidence_thresholds": cfg.TEST.CONFIDENCE_THRESHOLDS,
            "oks_sigmas": cfg.TEST.KEYPOINT_OKS_SIGMAS,
        }

    def evaluate_joined(self, predictions: PersonPredictions) -> dict[str, dict[str, float]]:
        check_image_ids(predictions["image_id"], self._ground_truth, self._source)
        results = {self.task: self._write_and_score_people(predictions)}
        if self._has_ground_truth:
            results |= self._evaluate_keypoints(predictions)
        log_results(
            results,
            f"{self._dataset_name}, {len(predictions['image_id'])} people",
            boxes="ground-truth boxes" if self._has_ground_truth else f"{self._person_boxes} boxes",
        )
        return results

    def evaluate_nobody(self) -> dict[str, dict[str, float]]:
        """AP is 0."""
        return {self.task: self._write_and_score([])}

    @property
    def _has_ground_truth(self) -> bool:
        return self._person_boxes == GROUND_TRUTH_BOXES

    def _write_and_score_people(self, predictions: PersonPredictions) -> dict[str, float]:
        scores = self._person_scores(predictions)
        if not self._has_ground_truth and self._oks_nms_threshold < 1:
            kept = oks_nms(
                predictions["image_id"],
                predictions["keypoints"][..., :2],
                scores,
                predictions["crop_area"],
                self._sigmas,
                self._oks_nms_threshold,
            )
            logger.info(f"OKS-NMS keeps {len(kept)} of {len(scores)} people.")
            predictions, scores = select_predictions(predictions, kept), scores[kept]
        return self._write_and_score(to_coco_results(predictions, scores))

    def _write_and_score(self, coco_results: list[dict]) -> dict[str, float]:
        if self._output_dir is not None:
            write_coco_results(coco_results, self._output_dir)
        return average_precision(self._ground_truth, coco_results, self._sigmas)

    def _person_scores(self, predictions: PersonPredictions) -> np.ndarray:
        box_scores = predictions["box_score"]
        if self._rescore_threshold is None:
            return box_scores
        # Calibrated scores say more of each keypoint, but a person's rank stays that of the model.
        keypoint_scores = predictions.get("confidence", predictions["keypoints"][..., 2])
        return rescore_people(box_scores, keypoint_scores, self._rescore_threshold)

    def _evaluate_keypoints(self, predictions: PersonPredictions) -> dict[str, dict[str, float]]:
        results = {"visibility": visibility_report(predictions, self._has_confidence)}
        if self._has_confidence:
            results["confidence"] = confidence_report(
                predictions,
                self._annotated_areas(predictions["annotation_id"]),
                self._sigmas,
                self._confidence_thresholds,
            )
        return results

    def _annotated_areas(self, annotation_ids: np.ndarray) -> np.ndarray:
        areas = {person["id"]: person["area"] for person in self._ground_truth["annotations"]}
        unknown = [number for number in annotation_ids.tolist() if number not in areas]
        if unknown:
            raise InputError(
                f"There are predictions for annotation id {unknown[0]}, which is not in "
                f"{self._source}."
            )
        return np.array([areas[number] for number in annotation_ids.tolist()], dtype=np.float64)


@EVALUATOR_REGISTRY.register()
def coco_keypoints(cfg, dataset_name: str, output_dir: str | None, has_confidence: bool):
    """The evaluator of data sets in COCO's keypoint format, for INPUT.MAPPER's kind of samples."""
    takes_images = cfg.INPUT.MAPPER == "WholeImageMapper"
    evaluator = CocoMultiPersonEvaluator if takes_images else CocoKeypointEvaluator
    return evaluator(cfg, dataset_name, output_dir, has_confidence)
