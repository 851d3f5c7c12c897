"""What evaluators of single-person models share."""

from collections.abc import Sequence

from .gathering_evaluator import GatheringEvaluator
from .person_predictions import (
    PersonPredictions,
    collect_predictions,
    concatenate_predictions,
    sort_predictions,
)

GROUND_TRUTH_BOXES = "ground_truth"
# INPUT.PERSON_BOXES -> name of the results; every other value is a detector's boxes.
_TASKS = {GROUND_TRUTH_BOXES: "keypoints", "rectangle": "keypoints_rectangle_boxes"}


def result_task(person_boxes: str) -> str:
    """Name of the results for a value of INPUT.PERSON_BOXES: it says where the boxes come from."""
    return _TASKS.get(person_boxes, "keypoints_detector_boxes")


class PersonEvaluator(GatheringEvaluator):
    """``process`` takes mapped samples and the outputs of a single-person model.

    Subclasses say in ``evaluate_joined`` and ``evaluate_nobody`` what the results are.
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
        super().__init__(dataset_name=dataset_name, output_dir=output_dir)
        self._person_boxes = person_boxes
        self._keep_targets = keep_targets

    def collect(self, inputs: Sequence[dict], outputs: Sequence[dict]) -> PersonPredictions:
        predictions = collect_predictions(inputs, outputs, self._keep_targets)
        self.check_num_keypoints(predictions["keypoints"].shape[1])
        return predictions

    def join(self, parts: Sequence[PersonPredictions]) -> PersonPredictions:
        return sort_predictions(concatenate_predictions(parts))

    @property
    def task(self) -> str:
        return result_task(self._person_boxes)
