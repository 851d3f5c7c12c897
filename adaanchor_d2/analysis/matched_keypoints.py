"""Every annotated keypoint with what a result file predicts for it."""

from dataclasses import dataclass, fields, replace

import numpy as np

from ..data.skeletons import Skeleton
from ..errors import InputError
from ..evaluation.coco_ground_truth import (
    check_image_ids,
    evaluated_people,
    load_coco_ground_truth,
)
from ..evaluation.coco_results import read_coco_results
from ..evaluation.image_predictions import Table
from ..evaluation.keypoint_report import CORRECT_SIMILARITY
from ..evaluation.metrics import keypoint_similarity, oks
from ..evaluation.multi_person_report import MATCH_OKS
from ..evaluation.skeleton_evaluators import evaluator_of
from .keypoint_errors import diagnose
from .person_matching import match_poses


@dataclass(frozen=True)
class MatchedKeypoints:
    """The M labelled keypoints of the people whom AP counts, and what was predicted for them.

    Coordinates are continuous pixels of the image. Of a keypoint that is not located (its person is
    not matched, or matched without this joint) ``pred_xy``, ``score``, ``anchor_xy`` and ``spread``
    are NaN, ``similarity`` is 0 and ``correct`` False.

    Attributes:
        image_id, annotation_id: (M,) int64.
        person: (M,), row of the result file, -1 where nobody is matched.
        kind: (M,), index of the keypoint type.
        gt_xy: (M, 2).
        v: (M,), COCO's flag: 1 hidden, 2 visible.
        area: (M,), the person's, square pixels.
        pred_xy: (M, 2).
        score: (M,), in [0, 1].
        anchor_xy: (M, 2), or None where the file has no anchors.
        spread: (M,) pixels, or None where the file has none.
        similarity: (M,), COCO's keypoint similarity, from 0 to 1.
        correct: (M,) bool, whether that is at least 0.5.
        error: (M,), index of ``keypoint_errors.ERROR_KINDS``.
        outside: (M,) bool, whether the annotated place is outside the image (never in COCO).
        people: who was matched, see :func:`_count_people`.
        tells_visibility: whether ``v`` tells visible from hidden keypoints in this data set.
    """

    image_id: np.ndarray
    annotation_id: np.ndarray
    person: np.ndarray
    kind: np.ndarray
    gt_xy: np.ndarray
    v: np.ndarray
    area: np.ndarray
    pred_xy: np.ndarray
    score: np.ndarray
    anchor_xy: np.ndarray | None
    spread: np.ndarray | None
    similarity: np.ndarray
    correct: np.ndarray
    error: np.ndarray
    outside: np.ndarray
    people: dict[str, int]
    tells_visibility: bool

    def __len__(self) -> int:
        return len(self.kind)

    def where(self, rows: np.ndarray) -> "MatchedKeypoints":
        """Return some of the rows, by a mask (M,) or by their numbers."""
        arrays = {
            field.name: getattr(self, field.name)[rows]
            for field in fields(self)
            if isinstance(getattr(self, field.name), np.ndarray)
        }
        return replace(self, **arrays)

    @property
    def located(self) -> np.ndarray:
        """(M,) bool."""
        return ~np.isnan(self.score)

    @property
    def distance(self) -> np.ndarray:
        """(M,) pixels from the annotated to the predicted place."""
        return np.linalg.norm(self.pred_xy - self.gt_xy, axis=1)

    @property
    def size(self) -> np.ndarray:
        """(M,) pixels, square root of the person's area."""
        return np.sqrt(self.area)

    @property
    def displacement(self) -> np.ndarray | None:
        """(M,) pixels from the anchor to the keypoint found from it."""
        if self.anchor_xy is None:
            return None
        return np.linalg.norm(self.pred_xy - self.anchor_xy, axis=1)


def load_matched_keypoints(gt_file: str, results_file: str, skeleton: Skeleton) -> MatchedKeypoints:
    """Read a file of results in COCO's form and match its people, see ``person_matching``.

    Raises:
        InputError: what the readers refuse, an image id that ``gt_file`` does not have, scores that
            are no confidence, or nobody with a labelled keypoint.
    """
    ground_truth = load_coco_ground_truth([gt_file], skeleton, evaluator_of(skeleton).use_area)
    gt = evaluated_people(ground_truth, skeleton.num_keypoints)
    if not (gt["keypoints"][..., 2] > 0).any():
        raise InputError(f"{gt_file} has nobody with a labelled keypoint.")
    people = read_coco_results(results_file, skeleton.num_keypoints)
    check_image_ids(people["image_id"], ground_truth, gt_file)
    _check_scores(people["keypoints"][..., 2], results_file)
    sigmas, flip_indices = np.array(skeleton.sigmas), np.array(skeleton.flip_indices)
    match = match_poses(people, gt, sigmas, flip_indices)
    errors = diagnose(people, gt, match, sigmas, flip_indices)
    matched = _labelled_keypoints(people, gt, match, errors, sigmas)
    outside = _are_outside(matched["image_id"], matched["gt_xy"], ground_truth["images"])
    return MatchedKeypoints(
        **matched,
        outside=outside,
        people=_count_people(people, gt, match, sigmas),
        tells_visibility=evaluator_of(skeleton).tells_visibility
        and set(matched["v"].tolist()) == {1, 2},
    )


def _check_scores(scores: np.ndarray, results_file: str) -> None:
    entry, kind = np.nonzero((scores < 0) | (scores > 1))
    if len(entry):
        raise InputError(
            f"Result file {results_file}: entry {entry[0]} has {scores[entry[0], kind[0]]:g} as "
            f"score of keypoint {kind[0]}, but only scores from 0 to 1 can be read as confidence."
        )
    if not scores.any():
        raise InputError(
            f"Result file {results_file}: all keypoints have score 0, which stands for a keypoint "
            "that was not located."
        )


def _labelled_keypoints(
    people: Table, gt: Table, match: np.ndarray, errors: np.ndarray, sigmas: np.ndarray
) -> dict:
    """The rows of :class:`MatchedKeypoints`, without ``outside``."""
    person, kind = np.nonzero(gt["keypoints"][..., 2] > 0)
    row = match[person]
    located = (row >= 0) & (people["keypoints"][row, kind, 2] > 0)

    def predicted(values: np.ndarray) -> np.ndarray:
        chosen = values[row, kind]
        return np.where(located.reshape(-1, *[1] * (chosen.ndim - 1)), chosen, np.nan)

    pred = predicted(people["keypoints"])
    gt_xy, area = gt["keypoints"][person, kind, :2], gt["area"][person]
    similarity = np.nan_to_num(_similarity(pred[:, :2], gt_xy, area, sigmas[kind]))
    return {
        "image_id": gt["image_id"][person],
        "annotation_id": gt["annotation_id"][person],
        "person": row,
        "kind": kind,
        "gt_xy": gt_xy,
        "v": gt["keypoints"][person, kind, 2].astype(np.int64),
        "area": area,
        "pred_xy": pred[:, :2],
        "score": pred[:, 2],
        "anchor_xy": predicted(people["anchors"]) if "anchors" in people else None,
        "spread": predicted(people["spread"]) if "spread" in people else None,
        "similarity": similarity,
        "correct": similarity >= CORRECT_SIMILARITY,
        "error": errors[person, kind],
    }


def _similarity(pred_xy, gt_xy, area, sigmas) -> np.ndarray:
    """Keypoint similarity (M,) of single keypoints, each with its own sigma."""
    return keypoint_similarity(pred_xy[:, None], gt_xy[:, None], area, sigmas[:, None])[:, 0]


def _are_outside(image_id: np.ndarray, xy: np.ndarray, images: list[dict]) -> np.ndarray:
    """(M,) bool, whether places (M, 2) are outside their image."""
    size = {image["id"]: (image["width"], image["height"]) for image in images}
    limits = np.array([size[number] for number in image_id.tolist()])
    return ((xy < 0) | (xy > limits)).any(axis=1)


def _count_people(people: Table, gt: Table, match: np.ndarray, sigmas: np.ndarray) -> dict:
    """``images`` with annotated people, those ``with_predictions``; ``annotated`` people, those
    ``matched``, those of them ``at_oks_0.5``; ``predicted`` people and those ``unmatched``, which
    may be duplicates, people who are not annotated, or nobody.
    """
    found = match >= 0
    images = np.unique(gt["image_id"])
    similarity = oks(
        people["keypoints"][match[found], :, :2],
        gt["keypoints"][found, :, :2],
        gt["area"][found],
        sigmas,
        gt["keypoints"][found, :, 2] > 0,
    )
    return {
        "images": len(images),
        "with_predictions": int(np.isin(images, people["image_id"]).sum()),
        "annotated": len(match),
        "matched": int(found.sum()),
        "at_oks_0.5": int((similarity >= MATCH_OKS).sum()),
        "predicted": len(people["image_id"]),
        "unmatched": len(people["image_id"]) - int(found.sum()),
    }
