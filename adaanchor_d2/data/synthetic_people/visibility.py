"""Which keypoints of a synthetic person are visible, read off what lies on top in the picture."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..skeletons import Skeleton, get_skeleton
from .body import FACE_POINTS, Body
from .parts import CODES_PER_PERSON, Part, part_code
from .pose import SIDES

_FAR_SIDE = -0.80  # a joint on the trunk's far side is hidden by the trunk
_GUESS_STEPS = 2  # a hidden point is labelled if a visible one is at most so many bones away
_FACE_DIRECTIONS = np.array(list(FACE_POINTS.values()))
# Least product of a face point's direction with the direction to the viewer; ears stick out.
_LEAST_FACING = np.array([-0.45 if name.endswith("ear") else -0.05 for name in FACE_POINTS])
_MIDDLE_PARTS = {
    "nose": ("HEAD", "NOSE"),
    "pelvis": ("TORSO", "PELVIS"),
    "thorax": ("TORSO", "NECK"),
    "upper_neck": ("NECK", "HEAD", "HAIR"),
    "head_top": ("HEAD", "HAIR"),
    "head": ("HEAD", "HAIR"),
    "neck": ("NECK", "TORSO", "HEAD", "HAIR"),
}


def _own_parts(name: str) -> list[Part]:
    """Return the parts on which a keypoint may be seen."""
    side, _, joint = name.partition("_")
    parts = {
        "eye": ("HEAD", "NOSE"),
        "ear": ("HEAD", f"{side}_ear"),
        "shoulder": ("TORSO", "NECK", f"{side}_upper_arm"),
        "elbow": (f"{side}_upper_arm", f"{side}_forearm"),
        "wrist": (f"{side}_forearm", f"{side}_hand"),
        "hip": ("TORSO", "PELVIS", f"{side}_thigh"),
        "knee": (f"{side}_thigh", f"{side}_shank"),
        "ankle": (f"{side}_shank", f"{side}_foot"),
    }
    return [Part[part.upper()] for part in _MIDDLE_PARTS.get(name) or parts[joint]]


def _bones_between(skeleton: Skeleton) -> np.ndarray:
    """Return (K, K) the number of skeleton edges between two keypoints."""
    count = len(skeleton.names)
    steps = np.where(np.eye(count, dtype=bool), 0, count)
    for first, second in skeleton.edges:
        steps[first, second] = steps[second, first] = 1
    for middle in range(count):
        steps = np.minimum(steps, steps[:, middle, None] + steps[None, middle])
    return steps


@dataclass(frozen=True)
class VisibilityRules:
    """On what a skeleton's K keypoints are seen, and from which others they can be guessed.

    Attributes:
        names: the keypoints.
        own_parts: (K, CODES_PER_PERSON) bool, the parts that show each keypoint.
        near_enough: (K, K) bool, pairs of which one tells where the other is.
    """

    names: tuple[str, ...]
    own_parts: np.ndarray
    near_enough: np.ndarray

    def parts_that_show(self, body: Body) -> np.ndarray:
        """Return ``own_parts`` without those on which this body cannot show a keypoint."""
        table = self.own_parts.copy()
        towards = body.head_axes[2] / np.linalg.norm(body.head_axes[2])
        turned_away = _FACE_DIRECTIONS @ towards < _LEAST_FACING
        for name, away in zip(FACE_POINTS, turned_away.tolist(), strict=True):
            if away and name in self.names:
                table[self.names.index(name)] = False
        for side, sign in SIDES:
            if sign * body.chest_left[2] < _FAR_SIDE:
                table[self.names.index(f"{side}_shoulder"), Part.TORSO] = False
            if sign * body.hips_left[2] < _FAR_SIDE:
                table[self.names.index(f"{side}_hip"), [Part.TORSO, Part.PELVIS]] = False
        return table


@lru_cache(maxsize=8)
def visibility_rules(skeleton_name: str) -> VisibilityRules:
    """Return the rules for a registered skeleton."""
    skeleton = get_skeleton(skeleton_name)
    table = np.zeros((len(skeleton.names), CODES_PER_PERSON), bool)
    for row, name in enumerate(skeleton.names):
        table[row, _own_parts(name)] = True
    return VisibilityRules(skeleton.names, table, _bones_between(skeleton) <= _GUESS_STEPS)


def keypoint_visibility(
    labels: np.ndarray,
    points: np.ndarray,
    person: int,
    own_parts: np.ndarray,
    near_enough: np.ndarray,
) -> np.ndarray:
    """Decide the flag of each keypoint from the labels of the finished picture.

    Args:
        labels: (H, W) uint16, what lies on top (see ``part_code``).
        points: (K, 2) continuous pixel coordinates.
        person: index of the person in its picture.
        own_parts: (K, CODES_PER_PERSON) bool, the parts on which each keypoint counts as seen.
        near_enough: (K, K) bool, see ``VisibilityRules``.

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
    guessable = inside & (near_enough & seen).any(axis=1)
    return np.where(seen, 2, np.where(guessable, 1, 0))


_AROUND = np.array([(0, 0)] + [(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1) if (x, y) != (0, 0)])
