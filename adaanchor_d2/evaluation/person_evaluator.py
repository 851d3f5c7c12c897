"""What evaluators of single-person models share: collecting, checking, gathering."""

import logging
from collections.abc import Sequence

from detectron2.evaluation import DatasetEvaluator
from detectron2.utils import comm

from ..errors import InputError
from .metadata import read_metadata
from .person_predictions import (
    PersonPredictions,
    collect_predictions,
    concatenate_predictions,
    sort_predictions,
)

GROUND_TRUTH_BOXES = "ground_truth"
# INPUT.PERSON_BOXES -> name of the results; every other value is a detector's boxes.
_TASKS = {GROUND_TRUTH_BOXES: "keypoints", "rectangle": "keypoints_rectangle_boxes"}

logger = logging.getLogger(__name__)


def result_task(person_boxes: str) -> str:
    """Name of the results for a value of INPUT.PERSON_BOXES: it says where the boxes come from."""
    return _TASKS.get(person_boxes, "keypoints_detector_boxes")


class PersonEvaluator(DatasetEvaluator):
    """``process`` takes mapped samples and the outputs of a single-person model.

    ``evaluate`` gathers over processes; subclasses say in ``evaluate_people`` and
    ``evaluate_nobody`` what the results are.
    """

    def __init__(
        self, *, dataset_name: str, output_dir: str | None, person_boxes: str, keep_targets: bool
    ):
        """
        Args:
            dataset_name: registered data set with ``skeleton`` in its metadata.
            output_dir: where files go; None: no files.
            person_boxes: "ground_truth", or where the boxes come from.
            keep_targets: whether to keep the samples' ``keypoints``, too.
        """
        self._dataset_name = dataset_name
        self._output_dir = output_dir
        self._person_boxes = person_boxes
        self._keep_targets = keep_targets
        self._skeleton = read_metadata(dataset_name, "skeleton")
        self._num_keypoints = len(self._skeleton.names)
        self.reset()

    def reset(self) -> None:
        self._parts: list[PersonPredictions] = []

    def process(self, inputs: Sequence[dict], outputs: Sequence[dict]) -> None:
        """Keep a batch: mapped samples and model outputs with one person each."""
        predictions = collect_predictions(inputs, outputs, self._keep_targets)
        num_predicted = predictions["keypoints"].shape[1]
        if num_predicted != self._num_keypoints:
            raise InputError(
                f"The model predicts {num_predicted} keypoints (MODEL.KEYPOINT_HEAD.NUM_KEYPOINTS),"
                f" but the skeleton of {self._dataset_name} has {self._num_keypoints}."
            )
        self._parts.append(predictions)

    def evaluate(self) -> dict[str, dict[str, float]]:
        """Return the results on the main process and an empty dict on the others."""
        own = [concatenate_predictions(self._parts)] if self._parts else []
        gathered = comm.gather(own, dst=0)
        if not comm.is_main_process():
            return {}
        parts = [part for process_parts in gathered for part in process_parts]
        if parts:
            return self.evaluate_people(sort_predictions(concatenate_predictions(parts)))
        logger.warning(
            f"There are no predictions to evaluate on {self._dataset_name}: "
            f"has the test loader any sample?"
        )
        return self.evaluate_nobody()

    @property
    def task(self) -> str:
        return result_task(self._person_boxes)

    def evaluate_people(self, predictions: PersonPredictions) -> dict[str, dict[str, float]]:
        """Evaluate all processes' predictions, in an order that does not depend on sharding."""
        raise NotImplementedError

    def evaluate_nobody(self) -> dict[str, dict[str, float]]:
        """Return the results where there is no prediction at all: none, if not said otherwise."""
        return {}
