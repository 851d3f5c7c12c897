"""COCO annotations of the synthetic people, read off what lies on top in the finished picture."""

from dataclasses import dataclass

import cv2
import numpy as np

from .figure import Figure
from .parts import CODES_PER_PERSON, Part, part_code
from .visibility import keypoint_visibility, visibility_rules

_MIN_VISIBLE_SHARE = 0.12  # of a silhouette, below which nobody labels keypoints
_MIN_VISIBLE_PIXELS = 60


@dataclass(frozen=True)
class Silhouette:
    """A person's silhouette inside the picture, with what is hidden by others.

    Attributes:
        box: left, top, right, bottom; whole pixels, continuous edges.
        area: pixels.
    """

    box: tuple[int, int, int, int]
    area: int


@dataclass(frozen=True)
class Labels:
    """What is seen of a person in the finished picture.

    Attributes:
        flags: (K,) 0 not labelled, 1 hidden, 2 visible.
        mask: (h, w) bool, the visible pixels in the silhouette's box.
    """

    flags: np.ndarray
    mask: np.ndarray


def label_person(
    labels: np.ndarray,
    person: int,
    figure: Figure,
    silhouette: Silhouette,
    points: np.ndarray,
    skeleton_name: str,
) -> Labels | None:
    """Return what is seen of a person, None when too little of it is visible.

    Args:
        labels: (H, W) what lies on top in the finished picture.
        person: index of the person in its picture.
        figure: the person.
        silhouette: of the whole person.
        points: (K, 2) keypoints in continuous pixel coordinates.
        skeleton_name: whose keypoints these are.
    """
    left, top, right, bottom = silhouette.box
    parts = labels[top:bottom, left:right] - np.uint16(part_code(person, Part.HEAD))
    mask = parts < CODES_PER_PERSON
    area = int(np.count_nonzero(mask))
    if area < _MIN_VISIBLE_PIXELS:
        return None
    rules = visibility_rules(skeleton_name)
    own_parts = rules.parts_that_show(figure.body)
    flags = keypoint_visibility(labels, points, person, own_parts, rules.near_enough)
    if area < _MIN_VISIBLE_SHARE * silhouette.area:
        flags = np.zeros_like(flags)
    return Labels(flags, mask)


def annotate_coco(
    labels: np.ndarray, person: int, figure: Figure, silhouette: Silhouette
) -> dict | None:
    """Return a person's COCO annotation without ids, or None when too little of it is visible.

    Arguments as in ``label_person``.
    """
    points = figure.keypoints()
    seen = label_person(labels, person, figure, silhouette, points, "coco")
    if seen is None:
        return None
    left, top, right, bottom = silhouette.box
    return {
        "category_id": 1,
        "iscrowd": 0,
        "bbox": [float(v) for v in (left, top, right - left, bottom - top)],
        "area": float(np.count_nonzero(seen.mask)),
        "num_keypoints": int(np.count_nonzero(seen.flags)),
        "keypoints": flat_keypoints(points, seen.flags),
        "segmentation": _polygons(seen.mask.view(np.uint8), left, top),
    }


def flat_keypoints(points: np.ndarray, flags: np.ndarray) -> list[float]:
    """Return points (K, 2) and their flags (K,) as COCO's list x, y, v, ...; 0, 0, 0 unlabelled.

    Points are continuous, the list counts pixel centres in whole numbers.
    """
    places = np.round(np.where(flags[:, None] > 0, points - 0.5, 0), 2).tolist()
    triples = [(*place, flag) for place, flag in zip(places, flags.tolist(), strict=True)]
    return [value for triple in triples for value in triple]


def _polygons(mask: np.ndarray, left: int, top: int) -> list[list[float]]:
    """Return the outer contours of a mask as COCO polygons in continuous coordinates."""
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    corner = (left + 0.5, top + 0.5)
    return [(c.reshape(-1, 2) + corner).ravel().tolist() for c in contours if len(c) >= 3]
