"""COCO annotations of the synthetic people, read off what lies on top in the finished picture."""

from dataclasses import dataclass

import cv2
import numpy as np

from ..skeletons import get_skeleton
from .body import FACE_POINTS, KEYPOINT_NAMES, Body
from .parts import CODES_PER_PERSON, Part, part_code
from .pose import SIDES

_MIN_VISIBLE_SHARE = 0.12  # of a silhouette, below which nobody labels keypoints
_MIN_VISIBLE_PIXELS = 60
_FAR_SIDE = -0.80  # a joint on the trunk's far side is hidden by the trunk
_GUESS_STEPS = 2  # a hidden point is labelled if a visible one is at most so many bones away


def _own_parts(name: str) -> list[Part]:
    """Return the parts on which a keypoint may be seen."""
    side, _, joint = name.partition("_")
    parts = {
        "": ("HEAD", "NOSE"),
        "eye": ("HEAD", "NOSE"),
        "ear": ("HEAD", f"{side}_ear"),
        "shoulder": ("TORSO", "NECK", f"{side}_upper_arm"),
        "elbow": (f"{side}_upper_arm", f"{side}_forearm"),
        "wrist": (f"{side}_forearm", f"{side}_hand"),
        "hip": ("TORSO", "PELVIS", f"{side}_thigh"),
        "knee": (f"{side}_thigh", f"{side}_shank"),
        "ankle": (f"{side}_shank", f"{side}_foot"),
    }
    return [Part[part.upper()] for part in parts[joint]]


def _bones_between() -> np.ndarray:
    """Return (K, K) the number of skeleton edges between two keypoints."""
    count = len(KEYPOINT_NAMES)
    steps = np.where(np.eye(count, dtype=bool), 0, count)
    for first, second in get_skeleton("coco").edges:
        steps[first, second] = steps[second, first] = 1
    for middle in range(count):
        steps = np.minimum(steps, steps[:, middle, None] + steps[None, middle])
    return steps


def _part_table() -> np.ndarray:
    table = np.zeros((len(KEYPOINT_NAMES), CODES_PER_PERSON), bool)
    for row, name in enumerate(KEYPOINT_NAMES):
        table[row, list(_own_parts(name))] = True
    return table


_OWN_PARTS = _part_table()
_NEAR_ENOUGH = _bones_between() <= _GUESS_STEPS
_FACE_ROWS = [KEYPOINT_NAMES.index(name) for name in FACE_POINTS]
_FACE_DIRECTIONS = np.array(list(FACE_POINTS.values()))
# Least product of a face point's direction with the direction to the viewer; ears stick out.
_LEAST_FACING = np.array([-0.45 if name.endswith("ear") else -0.05 for name in FACE_POINTS])


@dataclass(frozen=True)
class Silhouette:
    """A person's silhouette inside the picture, with what is hidden by others.

    Attributes:
        box: left, top, right, bottom; whole pixels, continuous edges.
        area: pixels.
    """

    box: tuple[int, int, int, int]
    area: int


def _parts_that_show(body: Body) -> np.ndarray:
    """Return (K, CODES_PER_PERSON) bool: the parts on which this body can show each keypoint."""
    table = _OWN_PARTS.copy()
    towards = body.head_axes[2] / np.linalg.norm(body.head_axes[2])
    turned_away = _FACE_DIRECTIONS @ towards < _LEAST_FACING
    table[np.array(_FACE_ROWS)[turned_away]] = False
    for side, sign in SIDES:
        if sign * body.chest_left[2] < _FAR_SIDE:
            table[KEYPOINT_NAMES.index(f"{side}_shoulder"), Part.TORSO] = False
        if sign * body.hips_left[2] < _FAR_SIDE:
            table[KEYPOINT_NAMES.index(f"{side}_hip"), [Part.TORSO, Part.PELVIS]] = False
    return table


def keypoint_visibility(
    labels: np.ndarray, points: np.ndarray, person: int, own_parts: np.ndarray
) -> np.ndarray:
    """Decide the flag of each keypoint from the labels of the finished picture.

    Args:
        labels: (H, W) uint16, what lies on top (see ``part_code``).
        points: (K, 2) continuous pixel coordinates.
        person: index of the person in its picture.
        own_parts: (K, CODES_PER_PERSON) bool, the parts on which each keypoint counts as seen.

    Returns:
        (K,) 2 where the pixel at the point, and most of the 3 x 3 around it, show the keypoint's
        own parts; 1 where something else lies on top and a visible keypoint is near enough on the
        skeleton to guess the place; 0 outside the picture and where there is nothing to guess from.
    """
    height, width = labels.shape
    inside = ((points >= 0) & (points < (width, height))).all(axis=1)
    pixels = np.where(inside[:, None], points, 0).astype(int)
    columns = np.clip(pixels[:, :1] + _AROUND[:, 0], 0, width - 1)
    rows = np.clip(pixels[:, 1:] + _AROUND[:, 1], 0, height - 1)
    parts = labels[rows, columns].astype(int) - part_code(person, Part.HEAD)
    mine = (parts >= 0) & (parts < CODES_PER_PERSON)
    own = mine & np.take_along_axis(own_parts, np.where(mine, parts, 0), axis=1)
    seen = inside & own[:, 0] & (2 * own.sum(axis=1) > own.shape[1])
    guessable = inside & (_NEAR_ENOUGH & seen).any(axis=1)
    return np.where(seen, 2, np.where(guessable, 1, 0))


_AROUND = np.array([(0, 0)] + [(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1) if (x, y) != (0, 0)])


def annotate_person(
    labels: np.ndarray, person: int, body: Body, points: np.ndarray, silhouette: Silhouette
) -> dict | None:
    """Return a person's COCO annotation without ids, or None when too little of it is visible.

    Args:
        labels: (H, W) what lies on top in the finished picture.
        person: index of the person in its picture.
        body: the body as the camera sees it.
        points: (K, 2) keypoints in continuous pixel coordinates.
        silhouette: of the whole person.
    """
    left, top, right, bottom = silhouette.box
    parts = labels[top:bottom, left:right] - np.uint16(part_code(person, Part.HEAD))
    mine = parts < CODES_PER_PERSON
    area = int(np.count_nonzero(mine))
    if area < _MIN_VISIBLE_PIXELS:
        return None
    flags = keypoint_visibility(labels, points, person, _parts_that_show(body))
    if area < _MIN_VISIBLE_SHARE * silhouette.area:
        flags = np.zeros_like(flags)
    places = np.round(np.where(flags[:, None] > 0, points - 0.5, 0), 2).tolist()
    keypoints = [(*place, flag) for place, flag in zip(places, flags.tolist(), strict=True)]
    return {
        "category_id": 1,
        "iscrowd": 0,
        "bbox": [float(v) for v in (left, top, right - left, bottom - top)],
        "area": float(area),
        "num_keypoints": int(np.count_nonzero(flags)),
        "keypoints": [value for triple in keypoints for value in triple],
        "segmentation": _polygons(mine.view(np.uint8), left, top),
    }


def _polygons(mask: np.ndarray, left: int, top: int) -> list[list[float]]:
    """Return the outer contours of a mask as COCO polygons in continuous coordinates."""
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    corner = (left + 0.5, top + 0.5)
    return [(c.reshape(-1, 2) + corner).ravel().tolist() for c in contours if len(c) >= 3]
