"""Evaluation of models that predict all people of an image, on files in COCO's format."""

from collections.abc import Sequence

import numpy as np
from detectron2.config import configurable

from ..errors import InputError
from .coco_ground_truth import check_image_ids, evaluated_people, load_coco_ground_truth
from .coco_results import to_coco_results, write_coco_results
from .gathering_evaluator import GatheringEvaluator
from .image_predictions import ImagePredictions, Table, collect_images, join_images
from .metadata import choose_sigmas, find_annotation_files
from .multi_person_report import person_recall, recall_report
from .result_log import log_multi_person_results


class MultiPersonEvaluator(GatheringEvaluator):
    """AP, AR, recall of people and of keypoints in whole images.

    ``process`` takes one sample an image (``image_id, file_name, crop_to_image``) and the outputs
    of a multi-person model: ``instances`` with N people, and all located ``keypoints`` (M, 4):
    x, y, score, type, before they are grouped if they are; both in image pixels. What the model
    decoded at each of TEST.GAMMAS, ``instances_by_gamma`` and ``keypoints_by_gamma``, is evaluated
    as well.

    ``evaluate`` gathers over processes and returns, on the main process only:

    * ``keypoints``: the figures of ``score_people``, those of ``multi_person_report.person_recall``
      and, where the model gives ``keypoints``, of ``recall_report``;
    * ``keypoints_gamma0.1``, ...: the same, one task for each gamma;
    * what subclasses add in ``measure_keypoints``.

    All images of the annotation file count, also those without predictions.
    """

    # Figures of score_people, and who is missing in the file where one is absent.
    ap_metrics: tuple[str, ...]
    absent_people: str
    # Whether the OKS takes people's areas from the file; else they are 0.53 x box.
    use_area: bool
    # Whether the flags v tell visible from hidden keypoints.
    tells_visibility: bool

    @configurable
    def __init__(
        self,
        *,
        dataset_name: str,
        output_dir: str | None,
        has_confidence: bool,
        oks_sigmas: Sequence[float],
    ):
        """
        Args:
            dataset_name: registered data set with its files and ``skeleton`` in its metadata.
            output_dir: gets coco_instances_results.json and instances_predictions.pth, of the
                model's own gamma; None: no files.
            has_confidence: whether the anchor rule gives a score to each keypoint.
            oks_sigmas: (K,); empty: the skeleton's.
        """
        super().__init__(dataset_name=dataset_name, output_dir=output_dir)
        self._has_confidence = has_confidence
        self._sigmas = choose_sigmas(oks_sigmas, self._skeleton)
        json_files = find_annotation_files(dataset_name)
        self._source = " and ".join(json_files)
        self._ground_truth = load_coco_ground_truth(json_files, self._skeleton, self.use_area)
        self._gt_people = evaluated_people(self._ground_truth, self._num_keypoints)

    @classmethod
    def from_config(cls, cfg, dataset_name: str, output_dir: str | None, has_confidence: bool):
        return {
            "dataset_name": dataset_name,
            "output_dir": output_dir,
            "has_confidence": has_confidence,
            "oks_sigmas": cfg.TEST.KEYPOINT_OKS_SIGMAS,
        }

    def collect(self, inputs: Sequence[dict], outputs: Sequence[dict]) -> ImagePredictions:
        predictions = collect_images(inputs, outputs)
        for people in predictions.people.values():
            self.check_num_keypoints(people["keypoints"].shape[1])
        return predictions

    def join(self, parts: Sequence[ImagePredictions]) -> ImagePredictions:
        return join_images(parts)

    def evaluate_joined(self, predictions: ImagePredictions) -> dict[str, dict[str, float]]:
        self._check_images(predictions.images["image_id"])
        results = {}
        for decoding, people in predictions.people.items():
            figures = self._score_and_write(people, is_main=decoding == "")
            figures |= person_recall(people, self._gt_people, self._sigmas)
            if decoding in predictions.located:
                located = predictions.located[decoding]
                figures |= recall_report(located, self._gt_people, self._sigmas)
            results[f"keypoints{decoding}"] = figures
        results |= self.measure_keypoints(predictions)
        num_images = len(predictions.images["image_id"])
        log_multi_person_results(
            results,
            f"{self._dataset_name}, {num_images} images",
            self.ap_metrics,
            self.absent_people,
        )
        return results

    def evaluate_nobody(self) -> dict[str, dict[str, float]]:
        """AP is 0."""
        if self._output_dir is not None:
            write_coco_results([], self._output_dir)
        return {"keypoints": self.score_people([])}

    def score_people(self, coco_results: list[dict]) -> dict[str, float]:
        """AP and AR of COCO results."""
        raise NotImplementedError

    def measure_keypoints(self, predictions: ImagePredictions) -> dict[str, dict[str, float]]:
        """Further tasks: none, if not said otherwise."""
        return {}

    def _check_images(self, image_ids: np.ndarray) -> None:
        check_image_ids(image_ids, self._ground_truth, self._source)
        twice = image_ids[1:][image_ids[1:] == image_ids[:-1]]
        if len(twice):
            raise InputError(
                f"There are several samples of image id {twice[0]}, but {self._dataset_name} is "
                "evaluated with one sample an image (INPUT.MAPPER WholeImageMapper)."
            )

    def _score_and_write(self, people: Table, is_main: bool) -> dict[str, float]:
        coco_results = to_coco_results(people, people["score"])
        if is_main and self._output_dir is not None:
            write_coco_results(coco_results, self._output_dir)
        return self.score_people(coco_results)
