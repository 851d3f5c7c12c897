"""Normalized mean error, failure rate and AUC on WFLW."""

import logging

import numpy as np
from detectron2.config import configurable
from tabulate import tabulate

from ..data.datasets.wflw import TO_CONTINUOUS
from ..errors import InputError
from .build import EVALUATOR_REGISTRY
from .entry_evaluator import EntryEvaluator
from .metrics import area_under_ced, failure_rate, nme

# The outer corners of the eyes, whose distance normalizes the error.
EYE_CORNERS = (60, 72)
THRESHOLD = 0.1
# Flag of a face -> the subset's name in the papers.
SUBSETS = {
    "pose": "LargePose",
    "expression": "Expression",
    "illumination": "Illumination",
    "make_up": "MakeUp",
    "occlusion": "Occlusion",
    "blur": "Blur",
}

logger = logging.getLogger(__name__)


class WflwEvaluator(EntryEvaluator):
    """NME, normalized by the distance of the outer eye corners, and what follows from it.

    The results hold ``NME`` and ``FR@0.1`` in percent and ``AUC@0.1`` from 0 to 1 over all faces,
    and the same for each subset that has faces: ``NME_LargePose``, ``_Expression``,
    ``_Illumination``, ``_MakeUp``, ``_Occlusion`` and ``_Blur``. They are called ``keypoints`` for
    boxes from the landmarks, ``keypoints_rectangle_boxes`` for the list's face rectangles.
    """

    @configurable
    def __init__(self, *, dataset_name: str, output_dir: str | None, person_boxes: str):
        """
        Args:
            dataset_name: registered data set.
            output_dir: gets keypoint_predictions.json; None: no files.
            person_boxes: "ground_truth" or "rectangle".

        Raises:
            InputError: a face whose eye corners are one point.
        """
        super().__init__(
            dataset_name=dataset_name,
            output_dir=output_dir,
            person_boxes=person_boxes,
            to_continuous=TO_CONTINUOUS,
        )
        eyes = self.true_keypoints()[:, list(EYE_CORNERS), :2]
        no_distance = np.flatnonzero((eyes[:, 0] == eyes[:, 1]).all(axis=1))
        if len(no_distance):
            raise InputError(
                f"The points {EYE_CORNERS[0]} and {EYE_CORNERS[1]} of "
                f"{self.name_person(no_distance[0])} are one point, so their distance cannot "
                "normalize its error."
            )

    def measure(self, keypoints: np.ndarray) -> dict[str, float]:
        errors = nme(keypoints[..., :2], self.true_keypoints()[..., :2], EYE_CORNERS)
        figures_of = {"": _figures(errors)}
        for flag, subset in SUBSETS.items():
            chosen = [bool(face.get("attributes", {}).get(flag)) for face in self._people]
            if any(chosen):
                figures_of[subset] = _figures(errors[chosen])
        self._log(figures_of)
        return {
            f"{name}_{subset}" if subset else name: value
            for subset, figures in figures_of.items()
            for name, value in figures.items()
        }

    def _log(self, figures_of: dict[str, dict[str, float]]) -> None:
        names = list(figures_of[""])
        rows = [[name, *(figures[name] for figures in figures_of.values())] for name in names]
        table = tabulate(rows, headers=["", "Test", *list(figures_of)[1:]], floatfmt=".3f")
        logger.info(
            f"Errors on {self._dataset_name}, {len(self._people)} faces, {self._person_boxes} "
            f"boxes:\n{table}"
        )
        if not any("attributes" in face for face in self._people):
            logger.info("No subsets: the annotation file has no attribute flags.")


def _figures(errors: np.ndarray) -> dict[str, float]:
    return {
        "NME": 100 * float(errors.mean()),
        f"FR@{THRESHOLD:g}": 100 * failure_rate(errors, THRESHOLD),
        f"AUC@{THRESHOLD:g}": area_under_ced(errors, THRESHOLD),
    }


@EVALUATOR_REGISTRY.register()
def wflw_landmarks(cfg, dataset_name: str, output_dir: str | None, has_confidence: bool):
    """The evaluator of data sets in WFLW's format; its errors ask for no confidence."""
    return WflwEvaluator(cfg, dataset_name, output_dir)
