"""The annotated people (or faces) of a test set, and how near counts as right.

Shapes: N people with labelled keypoints, K keypoint types. Coordinates are continuous image pixels.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from detectron2.data import DatasetCatalog

from ..data.skeletons import Skeleton
from ..errors import InputError
from ..evaluation.keypoint_report import CORRECT_SIMILARITY
from ..evaluation.metadata import choose_sigmas, read_metadata
from ..evaluation.metrics import similarity_radius
from ..evaluation.mpii_evaluator import JOINT_CODES
from ..evaluation.mpii_ground_truth import load_mpii_ground_truth
from ..evaluation.skeleton_evaluators import evaluator_of
from ..evaluation.wflw_evaluator import EYE_CORNERS, THRESHOLD

_PCKH_THRESHOLD = 0.5


class ImageFile(NamedTuple):
    """An image that has people."""

    path: str
    image_id: int


@dataclass(frozen=True)
class People:
    """
    Attributes:
        data_set: its name.
        evaluator_type: of its metadata.
        skeleton: its keypoint types.
        images: those with people.
        image (N,): index into ``images``.
        annotation_id (N,): ids of the annotation file, or 1, 2, ... for the entries of one.
        box (N, 4): x1, y1, x2, y2.
        keypoints (N, K, 3): x, y, v.
        limit (N, K): distance up to which a keypoint is right.
        limit_name: what that distance is.
        tells_hidden: whether the annotations tell hidden keypoints from visible ones.
    """

    data_set: str
    evaluator_type: str
    skeleton: Skeleton
    images: list[ImageFile]
    image: np.ndarray
    annotation_id: np.ndarray
    box: np.ndarray
    keypoints: np.ndarray
    limit: np.ndarray
    limit_name: str
    tells_hidden: bool

    @property
    def labelled(self) -> np.ndarray:
        """(N, K) bool."""
        return self.keypoints[..., 2] > 0


def load_people(data_set: str, oks_sigmas: Sequence[float] = ()) -> People:
    """Read a registered test set.

    Crowds and people without a labelled keypoint are left out, as AP leaves them out.

    Args:
        oks_sigmas: what ``TEST.KEYPOINT_OKS_SIGMAS`` puts in place of the skeleton's.

    Raises:
        InputError: a data set that is not registered or not there, or without keypoints.
    """
    if data_set not in DatasetCatalog.list():
        raise InputError(
            f"The data set {data_set} is not registered here (your own: by $DETECTRON2_ENV_MODULE)."
        )
    skeleton = read_metadata(data_set, "skeleton")
    skeleton = replace(skeleton, sigmas=choose_sigmas(oks_sigmas, skeleton))
    evaluator_type = read_metadata(data_set, "evaluator_type")
    images, rows = _labelled_people(DatasetCatalog.get(data_set))
    if not rows:
        raise InputError(f"The data set {data_set} has no people with labelled keypoints.")
    persons = [person for _, person in rows]
    keypoints = np.array([person["keypoints"] for person in persons], dtype=np.float64)
    keypoints = keypoints.reshape(len(persons), skeleton.num_keypoints, 3)
    x, y, width, height = np.array([person["bbox"] for person in persons], dtype=np.float64).T
    limit, limit_name = _limits(evaluator_type, data_set, persons, keypoints, skeleton)
    return People(
        data_set,
        evaluator_type,
        skeleton,
        images,
        image=np.array([image for image, _ in rows]),
        annotation_id=np.array([person["id"] for person in persons]),
        box=np.stack([x, y, x + width, y + height], axis=1),
        keypoints=keypoints,
        limit=limit,
        limit_name=limit_name,
        tells_hidden=evaluator_of(skeleton).tells_visibility
        and bool((keypoints[..., 2] == 1).any()),
    )


def _labelled_people(records: list[dict]) -> tuple[list[ImageFile], list[tuple[int, dict]]]:
    """The images with labelled people, and (index of the image, person) of each."""
    images, rows = [], []
    for record in records:
        people = [p for p in record["annotations"] if _is_labelled(p)]
        rows += [(len(images), person) for person in people]
        if people:
            images.append(ImageFile(record["file_name"], record["image_id"]))
    return images, rows


def _is_labelled(person: dict) -> bool:
    is_counted = not person.get("iscrowd") and person.get("num_keypoints", 0) > 0
    return is_counted and any(v > 0 for v in person["keypoints"][2::3])


def _limits(
    evaluator_type: str,
    data_set: str,
    persons: list[dict],
    keypoints: np.ndarray,
    skeleton: Skeleton,
) -> tuple[np.ndarray, str]:
    """(N, K) distances up to which keypoints are right by the benchmark, and what they are."""
    if evaluator_type == "wflw_landmarks":
        eyes = keypoints[:, list(EYE_CORNERS), :2]
        limit = THRESHOLD * np.linalg.norm(eyes[:, 0] - eyes[:, 1], axis=-1)
        name = f"{100 * THRESHOLD:g} % of the distance of the outer eye corners"
    elif evaluator_type == "mpii_keypoints":
        mat_file = read_metadata(data_set, "ground_truth_file")
        head_size = load_mpii_ground_truth(mat_file, JOINT_CODES).head_size
        rows = np.array([person["id"] for person in persons]) - 1
        limit = _PCKH_THRESHOLD * head_size[rows]
        name = f"{100 * _PCKH_THRESHOLD:g} % of the head size"
    else:
        area = np.array([person["area"] for person in persons], dtype=np.float64)
        return similarity_radius(area, np.array(skeleton.sigmas), CORRECT_SIMILARITY), (
            f"the distance at which the keypoint similarity is {CORRECT_SIMILARITY:g}"
        )
    return np.broadcast_to(limit[:, None], keypoints.shape[:2]), name
