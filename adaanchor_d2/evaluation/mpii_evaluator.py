"""PCKh on MPII."""

import logging
import os

import numpy as np
from detectron2.config import configurable
from detectron2.data import MetadataCatalog
from detectron2.utils.file_io import PathManager
from scipy.io import savemat
from tabulate import tabulate

from ..data.datasets.mpii import TO_CONTINUOUS
from ..errors import InputError
from .build import EVALUATOR_REGISTRY
from .entry_evaluator import EntryEvaluator
from .metrics import pckh
from .mpii_ground_truth import MpiiGroundTruth, load_mpii_ground_truth

# MPII's codes of the joints, in the skeleton's order.
JOINT_CODES = (
    *("rank", "rkne", "rhip", "lhip", "lkne", "lank", "pelv", "thor", "neck", "head"),
    *("rwri", "relb", "rsho", "lsho", "lelb", "lwri"),
)
# Rows of the results at threshold 0.5; two joints are averaged, as the common code does.
JOINT_GROUPS = {
    "Head": ("head",),
    "Shoulder": ("lsho", "rsho"),
    "Elbow": ("lelb", "relb"),
    "Wrist": ("lwri", "rwri"),
    "Hip": ("lhip", "rhip"),
    "Knee": ("lkne", "rkne"),
    "Ankle": ("lank", "rank"),
}
# The common code prints as "Mean@0.1" what is the mean at 0.11.
THRESHOLDS = (0.5, 0.1, 0.11)
# The files of one split agree; joints that differ by more (pixels), of more than this share of the
# people, are of another split or order.
_JOINT_TOLERANCE_PX = 1.0
_MOVED_SHARE = 0.01

logger = logging.getLogger(__name__)


class NoGroundTruthError(InputError):
    """A split that has joints but, as published, not what its figures need beside them."""


class MpiiEvaluator(EntryEvaluator):
    """PCKh: the percentage of joints within a share of the head size.

    The results ``keypoints`` hold ``Head`` to ``Ankle`` (PCKh@0.5; left and right averaged),
    ``Mean@0.5``, ``Mean@0.1`` and ``Mean@0.11``, percent; the means weigh joints by their count and
    leave out pelvis and thorax. A group with a joint that is nowhere labelled is absent.

    Beside ``keypoint_predictions.json`` it writes ``pred.mat`` with ``preds`` (N, K, 2), 1-based
    pixel indices in the order of the annotation file, as HRNet does.
    """

    @configurable
    def __init__(self, *, dataset_name: str, output_dir: str | None, person_boxes: str):
        """
        Args:
            dataset_name: registered data set, with the path of its .mat file as
                ``ground_truth_file`` in its metadata unless it is a split without joints.
            output_dir: where the files go; None: no files.
            person_boxes: only "ground_truth" (the annotations' centre and scale).

        Raises:
            InputError: joints without a .mat file, or with one that does not belong to them.
        """
        super().__init__(
            dataset_name=dataset_name,
            output_dir=output_dir,
            person_boxes=person_boxes,
            to_continuous=TO_CONTINUOUS,
        )
        self._ground_truth = self._load_ground_truth() if self.has_ground_truth else None

    def write(self, keypoints: np.ndarray) -> None:
        super().write(keypoints)
        preds = self.to_file_coordinates(keypoints)[..., :2]
        with PathManager.open(os.path.join(self._output_dir, "pred.mat"), "wb") as file:
            savemat(file, {"preds": preds})

    def measure(self, keypoints: np.ndarray) -> dict[str, float]:
        figures = mpii_report(self.to_file_coordinates(keypoints)[..., :2], self._ground_truth)
        table = tabulate([figures.values()], headers=list(figures), floatfmt=".3f")
        logger.info(
            f"PCKh on {self._dataset_name}, {len(keypoints)} people, annotated centre and scale "
            "(Head to Ankle at 0.5; what the common code prints as Mean@0.1 is Mean@0.11):\n"
            f"{table}"
        )
        return figures

    def _load_ground_truth(self) -> MpiiGroundTruth:
        mat_file = getattr(MetadataCatalog.get(self._dataset_name), "ground_truth_file", "")
        if not mat_file:
            raise NoGroundTruthError(
                f"{self._dataset_name} cannot be evaluated: PCKh needs head boxes, and there is a "
                "file of them (gt_valid.mat) for MPII's validation split only."
            )
        truth = load_mpii_ground_truth(mat_file, JOINT_CODES)
        if len(truth.joints) != len(self._people):
            raise InputError(
                f"{mat_file} has {len(truth.joints)} people, but the annotations of "
                f"{self._dataset_name} have {len(self._people)}: they do not belong together."
            )
        no_head = np.flatnonzero(~(np.isfinite(truth.head_size) & (truth.head_size > 0)))
        if len(no_head):
            raise InputError(
                f"{mat_file} gives {self.name_person(no_head[0])} a head box without size."
            )
        self._check_order(truth, mat_file)
        return truth

    def _check_order(self, truth: MpiiGroundTruth, mat_file: str) -> None:
        annotated = self.true_keypoints()
        both = truth.labelled & (annotated[..., 2] > 0)
        distance = np.linalg.norm(annotated[..., :2] - TO_CONTINUOUS - truth.joints, axis=-1)
        moved = (both & (distance > _JOINT_TOLERANCE_PX)).any(axis=1)
        if not moved.any():
            return
        sentence = (
            f"{int(moved.sum())} of {len(moved)} people have other joints in {mat_file} than in "
            f"the annotations of {self._dataset_name} (first: {self.name_person(moved.argmax())}): "
            "the files differ in order or split."
        )
        if moved.mean() > _MOVED_SHARE:
            raise InputError(sentence)
        logger.warning(sentence)


def mpii_report(pred: np.ndarray, truth: MpiiGroundTruth) -> dict[str, float]:
    """The results of :class:`MpiiEvaluator` for predictions (N, K, 2), 1-based pixel indices."""
    result = pckh(pred, truth.joints, truth.labelled, truth.head_size, np.array(THRESHOLDS))
    joints = dict(zip(JOINT_CODES, result["per_joint"][THRESHOLDS.index(0.5)], strict=True))
    figures = {
        group: float(np.mean([joints[code] for code in codes]))
        for group, codes in JOINT_GROUPS.items()
    }
    figures |= {
        f"Mean@{threshold:g}": float(mean)
        for threshold, mean in zip(THRESHOLDS, result["mean"], strict=True)
    }
    return {name: value for name, value in figures.items() if np.isfinite(value)}


@EVALUATOR_REGISTRY.register()
def mpii_keypoints(cfg, dataset_name: str, output_dir: str | None, has_confidence: bool):
    """The evaluator of data sets in MPII's format; PCKh asks for no confidence."""
    return MpiiEvaluator(cfg, dataset_name, output_dir)
