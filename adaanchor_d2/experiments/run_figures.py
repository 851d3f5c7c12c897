"""The figures of a finished run, for all test images and for resamples of them.

Shapes: I test images, B resamples, N predicted people, M labelled keypoints.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from detectron2.config import CfgNode

from ..data.affine import box_to_region
from ..data.datasets.coco_json import read_json
from ..errors import InputError
from ..evaluation.coco_results import read_coco_results
from ..evaluation.image_predictions import Table
from ..evaluation.keypoint_report import CORRECT_SIMILARITY
from ..evaluation.metadata import choose_sigmas
from ..evaluation.metrics import keypoint_similarity
from ..evaluation.multi_person_report import match_people
from ..evaluation.person_evaluator import GROUND_TRUTH_BOXES, result_task
from .evaluated_set import EvaluatedSet, is_in_coco_form
from .runs import RESULT_FILE, last_evaluation, read_config
from .weighted_keypoints import KeypointTable, calibration_error, mean_over, ranking_quality
from .weighted_precision import PersonMatches

# Weights (B, I), how often each resample holds each image -> the figure (B,) of each.
Statistic = Callable[[np.ndarray], np.ndarray]
# How far a figure may be from the training's own: the result file's numbers are rounded. An
# untrained network's scores, all nearly the same, become equal by that, which AUROC feels.
_TOLERANCE = 1e-3
_TOLERANCES = {"confidence/AUROC": 0.01}


@dataclass(frozen=True)
class RunFigures:
    """A run's last evaluation.

    Attributes:
        recorded: ``{"task/metric": value}``, the training's own figures.
        image_ids: (I,) of the test set, ascending.
        statistics: those figures that can be computed for resampled images, by the same names;
            empty where the test set's results are not in COCO's form.
    """

    recorded: dict[str, float]
    image_ids: np.ndarray
    statistics: dict[str, Statistic]


class FigureReader:
    """Reads the figures of several runs; reads their test set once."""

    def __init__(self) -> None:
        self._sets: dict[str, EvaluatedSet] = {}

    def read(self, folder: Path) -> RunFigures:
        """Read a finished run and check that its result file gives the figures it recorded.

        Raises:
            InputError: result file, recorded figures and the test set that is there now do not
                belong together, or the run was tested on several data sets.
        """
        cfg, recorded = read_config(folder), last_evaluation(folder)
        if len(cfg.DATASETS.TEST) != 1:
            raise InputError(
                f"{folder} was tested on {len(cfg.DATASETS.TEST)} data sets; comparing takes one."
            )
        name = cfg.DATASETS.TEST[0]
        if not is_in_coco_form(name):
            return RunFigures(recorded, np.zeros(0, np.int64), {})
        if name not in self._sets:
            self._sets[name] = EvaluatedSet(name)
        figures = _read_figures(cfg, recorded, self._sets[name], folder / RESULT_FILE)
        _check_recorded(figures, folder)
        return figures


def _check_recorded(figures: RunFigures, folder: Path) -> None:
    every_image = np.ones((1, len(figures.image_ids)))
    for name, statistic in figures.statistics.items():
        value, recorded = float(statistic(every_image)[0]), figures.recorded[name]
        if not abs(value - recorded) <= _TOLERANCES.get(name, _TOLERANCE):
            raise InputError(
                f"{folder / RESULT_FILE} gives {name} {value:.4f} on the test set that is there "
                f"now, but the run's metrics.json says {recorded:.4f}: one of the three is of "
                "another run."
            )


def _read_figures(cfg: CfgNode, recorded: dict, test_set: EvaluatedSet, file: Path) -> RunFigures:
    sigmas = choose_sigmas(cfg.TEST.KEYPOINT_OKS_SIGMAS, test_set.skeleton)
    people = read_coco_results(str(file), len(test_set.skeleton.names))
    results = read_json(str(file), "Result file")
    matches = PersonMatches(test_set.content, results, sigmas)
    takes_images = cfg.INPUT.MAPPER == "WholeImageMapper"
    task = "keypoints" if takes_images else result_task(cfg.INPUT.PERSON_BOXES)
    statistics: dict[str, Statistic] = {
        f"{task}/AP": matches.average_precision,
        f"{task}/AP75": partial(matches.average_precision, threshold=0.75),
        f"{task}/AR": matches.average_recall,
    }
    if takes_images:
        recall = _person_recall(people, test_set, sigmas, matches.image_ids)
        statistics[f"{task}/PersonRecall@OKS0.5"] = recall
    elif cfg.INPUT.PERSON_BOXES == GROUND_TRUTH_BOXES:
        _check_people(people, test_set, file)
        table = _keypoint_table(cfg, people, test_set, sigmas, matches.image_ids)
        statistics |= _keypoint_statistics(table)
    kept = {name: statistic for name, statistic in statistics.items() if name in recorded}
    return RunFigures(recorded, matches.image_ids, kept)


def _person_recall(
    people: Table, test_set: EvaluatedSet, sigmas: np.ndarray, image_ids: np.ndarray
) -> Statistic:
    gt = test_set.people
    labelled = (gt["keypoints"][..., 2] > 0).any(axis=1)
    _, annotated = match_people(people, gt, sigmas)
    percent_found = np.zeros(len(labelled))
    percent_found[annotated] = 100.0
    image = np.searchsorted(image_ids, gt["image_id"])
    return partial(mean_over, percent_found[labelled], image[labelled])


def _check_people(people: Table, test_set: EvaluatedSet, file: Path) -> None:
    """Check that row after row is the result of an annotated person."""
    annotated = [person["image_id"] for person in test_set.person_records]
    if not np.array_equal(annotated, people["image_id"]):
        raise InputError(
            f"{file} does not hold one result for each labelled person of {test_set.name}."
        )


def _keypoint_table(
    cfg: CfgNode,
    people: Table,
    test_set: EvaluatedSet,
    sigmas: np.ndarray,
    image_ids: np.ndarray,
) -> KeypointTable:
    records, pred = test_set.person_records, people["keypoints"]
    gt = np.stack([person["keypoints"] for person in records]).astype(np.float64)
    area = np.array([person["area"] for person in records])
    similarity = keypoint_similarity(pred[..., :2], gt[..., :2], area, sigmas)
    scale = np.array([_crop_scale(cfg, person["bbox"]) for person in records])
    distance = np.linalg.norm(pred[..., :2] - gt[..., :2], axis=-1) * scale[:, None]
    labelled = gt[..., 2] > 0
    person, _ = np.nonzero(labelled)
    return KeypointTable(
        image=np.searchsorted(image_ids, people["image_id"])[person],
        distance=distance[labelled],
        score=pred[..., 2][labelled],
        correct=similarity[labelled] >= CORRECT_SIMILARITY,
        visible=gt[..., 2][labelled] == 2,
    )


def _crop_scale(cfg: CfgNode, box: tuple[float, float, float, float]) -> float:
    """Network-input pixels in a pixel of the image, without augmentation."""
    height, width = cfg.INPUT.CROP_SIZE
    return width / box_to_region(box, width / height, cfg.INPUT.BOX_PADDING).width


def _keypoint_statistics(table: KeypointTable) -> dict[str, Statistic]:
    statistics: dict[str, Statistic] = {
        "confidence/AUROC": partial(ranking_quality, table),
        "confidence/ECE": partial(calibration_error, table),
    }
    for prefix, chosen in (("Vis", table.visible), ("Inv", ~table.visible)):
        image = table.image[chosen]
        for figure, values in (("Error", table.distance), ("Score", table.score)):
            statistics[f"visibility/{prefix}{figure}"] = partial(mean_over, values[chosen], image)
    return statistics
