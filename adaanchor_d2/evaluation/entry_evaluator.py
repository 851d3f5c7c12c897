"""Evaluation on data sets of one person (or face) an entry, in the order of their files."""

import json
import logging
import os

import numpy as np
from detectron2.data import DatasetCatalog
from detectron2.utils.file_io import PathManager

from ..data.person_records import ANNOTATED_BOXES
from ..errors import InputError
from .person_evaluator import PersonEvaluator
from .person_predictions import PersonPredictions

_DECIMALS = 6

logger = logging.getLogger(__name__)


class EntryEvaluator(PersonEvaluator):
    """Brings predictions into the file's order, writes them, and measures where there is truth.

    ``keypoint_predictions.json`` holds a list of ``{"image_id", "annotation_id", "file_name",
    "keypoints"}`` with ``keypoints`` [[x, y, score], ...] in the coordinates of the annotation
    file; annotation n is the file's n-th entry. A split without ground truth gets this file and no
    figures. Subclasses give :meth:`measure`.
    """

    def __init__(
        self, *, dataset_name: str, output_dir: str | None, person_boxes: str, to_continuous: float
    ):
        """
        Args:
            dataset_name: registered data set whose annotation ids count its entries from 1.
            output_dir: where files go; None: no files.
            person_boxes: "ground_truth" or "rectangle".
            to_continuous: what the reader adds to the file's coordinates.
        """
        super().__init__(
            dataset_name=dataset_name,
            output_dir=output_dir,
            person_boxes=person_boxes,
            keep_targets=False,
        )
        if person_boxes not in ANNOTATED_BOXES:  # It must be known whose keypoints are predicted.
            raise InputError(
                f"INPUT.PERSON_BOXES is {person_boxes}, but {dataset_name} can only be evaluated "
                f"with boxes of its annotations ({' or '.join(ANNOTATED_BOXES)})."
            )
        self._to_continuous = to_continuous
        self._people = _read_people(dataset_name)
        self._check_boxes(ANNOTATED_BOXES[person_boxes])

    @classmethod
    def from_config(cls, cfg, dataset_name: str, output_dir: str | None):
        return {
            "dataset_name": dataset_name,
            "output_dir": output_dir,
            "person_boxes": cfg.INPUT.PERSON_BOXES,
        }

    def _check_boxes(self, box: str) -> None:
        for index, person in enumerate(self._people):
            if box in person and min(person[box][2:]) <= 0:
                raise InputError(
                    f"The box ('{box}') of {self.name_person(index)} is empty, so there will be no "
                    "prediction to evaluate."
                )

    @property
    def has_ground_truth(self) -> bool:
        return any("keypoints" in person for person in self._people)

    def true_keypoints(self) -> np.ndarray:
        """(N, K, 3), x and y in continuous image pixels and v, in the file's order."""
        flat = [person["keypoints"] for person in self._people]
        return np.array(flat, dtype=np.float64).reshape(len(flat), -1, 3)

    def name_person(self, index: int) -> str:
        """How messages call the person in row ``index``."""
        person = self._people[index]
        return f"annotation {person['id']} ({person['file_name']}) of {self._dataset_name}"

    def evaluate_joined(self, predictions: PersonPredictions) -> dict[str, dict[str, float]]:
        keypoints = self._in_file_order(predictions)
        if self._output_dir is not None:
            PathManager.mkdirs(self._output_dir)
            self.write(keypoints)
        if not self.has_ground_truth:
            logger.info(
                f"{self._dataset_name} has no ground truth, so there are predictions "
                f"({self._output_dir}) but no figures."
            )
            return {}
        return {self.task: self.measure(keypoints)}

    def write(self, keypoints: np.ndarray) -> None:
        """Write predictions (N, K, 3) in continuous image pixels; NaN where there are none."""
        in_file = np.round(self.to_file_coordinates(keypoints), _DECIMALS)
        content = [
            {
                "image_id": person["image_id"],
                "annotation_id": person["id"],
                "file_name": person["file_name"],
                "keypoints": points.tolist(),
            }
            for person, points in zip(self._people, in_file, strict=True)
            if not np.isnan(points).any()
        ]
        path = os.path.join(self._output_dir, "keypoint_predictions.json")
        with PathManager.open(path, "w") as file:
            file.write(json.dumps(content))

    def to_file_coordinates(self, keypoints: np.ndarray) -> np.ndarray:
        """(N, K, 3): x and y as the annotation file counts them."""
        return keypoints - np.array([self._to_continuous, self._to_continuous, 0.0])

    def measure(self, keypoints: np.ndarray) -> dict[str, float]:
        """Return the figures of predictions (N, K, 3), one row for each entry of the file."""
        raise NotImplementedError

    def _in_file_order(self, predictions: PersonPredictions) -> np.ndarray:
        """(N, K, 3); NaN for a person without labelled keypoints, who is not predicted."""
        ids = [person["id"] for person in self._people]
        rows = np.searchsorted(ids, predictions["annotation_id"])
        keypoints = np.full((len(ids), self._num_keypoints, 3), np.nan)
        keypoints[rows] = predictions["keypoints"]
        labelled = [person.get("num_keypoints", 0) > 0 for person in self._people]
        missing = np.flatnonzero(np.isnan(keypoints[:, 0, 0]) & labelled)
        if len(missing):
            raise InputError(
                f"There is no prediction for {self.name_person(missing[0])}"
                + (f" and {len(missing) - 1} more." if len(missing) > 1 else ".")
            )
        return keypoints


def _read_people(dataset_name: str) -> list[dict]:
    """The annotations, each with its image's ``file_name`` and ``image_id``, by annotation id."""
    people = [
        {**person, "file_name": image["file_name"], "image_id": image["image_id"]}
        for image in DatasetCatalog.get(dataset_name)
        for person in image["annotations"]
    ]
    return sorted(people, key=lambda person: person["id"])
