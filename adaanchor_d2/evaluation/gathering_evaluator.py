"""What all evaluators share: collecting parts, gathering them over processes, checks."""

import logging
from collections.abc import Sequence
from typing import Any

from detectron2.evaluation import DatasetEvaluator
from detectron2.utils import comm

from ..errors import InputError
from .metadata import read_metadata

logger = logging.getLogger(__name__)


class GatheringEvaluator(DatasetEvaluator):
    """Keeps a part of each batch; ``evaluate`` joins the parts of all processes on the main one.

    Subclasses say what a part is (``collect``, ``join``) and what is computed from all of them
    (``evaluate_joined``, ``evaluate_nobody``).
    """

    def __init__(self, *, dataset_name: str, output_dir: str | None):
        """
        Args:
            dataset_name: registered data set with ``skeleton`` in its metadata.
            output_dir: where files go; None: no files.
        """
        self._dataset_name = dataset_name
        self._output_dir = output_dir
        self._skeleton = read_metadata(dataset_name, "skeleton")
        self._num_keypoints = len(self._skeleton.names)
        self.reset()

    def reset(self) -> None:
        self._parts: list[Any] = []

    def process(self, inputs: Sequence[dict], outputs: Sequence[dict]) -> None:
        """Keep a batch: mapped samples and the model's outputs for them."""
        self._parts.append(self.collect(inputs, outputs))

    def evaluate(self) -> dict[str, dict[str, float]]:
        """Return the results on the main process and an empty dict on the others."""
        own = [self.join(self._parts)] if self._parts else []
        gathered = comm.gather(own, dst=0)
        if not comm.is_main_process():
            return {}
        parts = [part for process_parts in gathered for part in process_parts]
        if parts:
            return self.evaluate_joined(self.join(parts))
        logger.warning(
            f"There are no predictions to evaluate on {self._dataset_name}: "
            f"has the test loader any sample?"
        )
        return self.evaluate_nobody()

    def check_num_keypoints(self, num_predicted: int) -> None:
        """Raise InputError unless the model predicts the skeleton's number of keypoints."""
        if num_predicted != self._num_keypoints:
            raise InputError(
                f"The model predicts {num_predicted} keypoints (MODEL.KEYPOINT_HEAD.NUM_KEYPOINTS),"
                f" but the skeleton of {self._dataset_name} has {self._num_keypoints}."
            )

    def collect(self, inputs: Sequence[dict], outputs: Sequence[dict]) -> Any:
        """Return what is kept of a batch."""
        raise NotImplementedError

    def join(self, parts: Sequence[Any]) -> Any:
        """Join at least one part to one, in an order that does not depend on sharding."""
        raise NotImplementedError

    def evaluate_joined(self, predictions: Any) -> dict[str, dict[str, float]]:
        """Evaluate what all processes kept."""
        raise NotImplementedError

    def evaluate_nobody(self) -> dict[str, dict[str, float]]:
        """Return the results where there is no sample at all: none, if not said otherwise."""
        return {}
