"""What a set of keypoint types is: names, mirror partners, drawing edges, OKS sigmas.

Four skeletons are built in (see ``builtin_skeletons.py``); users add their own::

    names = ["left_toe", "right_toe", "heel"]
    edges = [("left_toe", "heel"), ("right_toe", "heel")]
    register_skeleton(Skeleton.from_names("paw", names, edges, sigmas=[0.05] * 3))
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from ..errors import InputError

_LOWER_BODY_WORDS = ("hip", "pelvis", "knee", "ankle", "foot", "heel", "toe")
# "left"/"right" anywhere in a name, or a lone letter: left_eye, LeftEye, eye_left, l_eye, eye.R
_SIDE = re.compile(r"left|right|(?<![a-z])[lr](?![a-z])", re.IGNORECASE)
_OTHER_SIDE = {"left": "right", "right": "left", "l": "r", "r": "l"}


@dataclass(frozen=True)
class Skeleton:
    """Keypoint types of a data set; K is their number.

    Attributes:
        name: how configs and registrations call it.
        names: K distinct names, in annotation order.
        flip_indices: K indices; entry k is the type that k becomes in a mirror image.
        edges: index pairs, drawn, and what a scoring network sees of a pose.
        sigmas: K values of COCO's object keypoint similarity, ``exp(-d^2 / (2 area (2 sigma)^2))``.

    Raises:
        InputError: when the fields do not fit each other.
    """

    name: str
    names: tuple[str, ...]
    flip_indices: tuple[int, ...]
    edges: tuple[tuple[int, int], ...]
    sigmas: tuple[float, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(self.names))
        object.__setattr__(self, "flip_indices", tuple(int(i) for i in self.flip_indices))
        object.__setattr__(self, "edges", tuple((int(a), int(b)) for a, b in self.edges))
        object.__setattr__(self, "sigmas", tuple(float(s) for s in self.sigmas))
        _check_names(self)
        _check_flip_indices(self)
        _check_edges_and_sigmas(self)

    @classmethod
    def from_names(
        cls,
        name: str,
        names: Sequence[str],
        edges: Sequence[tuple[str, str]],
        sigmas: Sequence[float],
    ) -> "Skeleton":
        """Make a skeleton with edges given by name and mirror partners inferred from the names."""
        index = {keypoint: i for i, keypoint in enumerate(names)}
        for keypoint in (keypoint for edge in edges for keypoint in edge):
            if keypoint not in index:
                raise InputError(f"Skeleton '{name}': edge names unknown keypoint '{keypoint}'.")
        return cls(
            name,
            tuple(names),
            infer_flip_indices(names),
            tuple((index[a], index[b]) for a, b in edges),
            tuple(sigmas),
        )

    @property
    def num_keypoints(self) -> int:
        return len(self.names)

    @cached_property
    def lower_body(self) -> tuple[int, ...]:
        """Indices of the types whose name has a part of the lower body in it (hip, knee, ...)."""
        return tuple(
            i
            for i, name in enumerate(self.names)
            if any(word in name.lower() for word in _LOWER_BODY_WORDS)
        )

    @cached_property
    def upper_body(self) -> tuple[int, ...]:
        """Indices of all other types."""
        lower = set(self.lower_body)
        return tuple(i for i in range(self.num_keypoints) if i not in lower)

    @cached_property
    def torso(self) -> tuple[tuple[int, int], ...]:
        """Pairs (shoulder, hip) of one side; all edges where the names tell of none."""
        index = {name.lower(): i for i, name in enumerate(self.names)}
        hips = {name: name.replace("shoulder", "hip") for name in index if "shoulder" in name}
        pairs = tuple((index[name], index[hip]) for name, hip in hips.items() if hip in index)
        return pairs or self.edges


def infer_flip_indices(names: Sequence[str]) -> tuple[int, ...]:
    """Return for each name the index of its mirror partner, itself where the name has no side.

    A side is ``left``/``right`` anywhere in the name or a lone ``l``/``r``, in any case
    (``left_eye``, ``EyeRight``, ``l_eye``).

    Raises:
        InputError: naming the keypoint whose partner is missing.
    """
    index = {name: i for i, name in enumerate(names)}
    flip_indices = []
    for i, name in enumerate(names):
        partner = _mirror_name(name)
        if partner is not None and partner not in index:
            raise InputError(
                f"Keypoint '{name}' has no mirror partner '{partner}' among the names; "
                "add it or give flip_indices explicitly."
            )
        flip_indices.append(i if partner is None else index[partner])
    return tuple(flip_indices)


def _mirror_name(name: str) -> str | None:
    """``left_eye`` -> ``right_eye``; None for a name without a side."""
    match = _SIDE.search(name)
    if match is None:
        return None
    side = match.group()
    other = _OTHER_SIDE[side.lower()]
    if side.isupper():
        other = other.upper()
    elif side[0].isupper():
        other = other.capitalize()
    return name[: match.start()] + other + name[match.end() :]


def _check_names(skeleton: Skeleton) -> None:
    where = f"Skeleton '{skeleton.name}'"
    if not skeleton.names:
        raise InputError(f"{where} has no keypoint names.")
    repeated = [name for name in skeleton.names if skeleton.names.count(name) > 1]
    if repeated:
        raise InputError(f"{where}: keypoint name '{repeated[0]}' occurs more than once.")


def _check_flip_indices(skeleton: Skeleton) -> None:
    where, names, flip = f"Skeleton '{skeleton.name}'", skeleton.names, skeleton.flip_indices
    if sorted(flip) != list(range(len(names))):
        raise InputError(f"{where}: flip_indices must hold each index 0 to {len(names) - 1} once.")
    index = {name: i for i, name in enumerate(names)}
    for i, name in enumerate(names):
        if flip[flip[i]] != i:
            raise InputError(f"{where}: flip_indices does not return from '{name}' to itself.")
        partner = index.get(_mirror_name(name))
        if partner is not None and flip[i] != partner:
            raise InputError(
                f"{where}: flip_indices sends '{name}' to '{names[flip[i]]}', "
                f"but its mirror partner is '{names[partner]}'."
            )


def _check_edges_and_sigmas(skeleton: Skeleton) -> None:
    where, num_keypoints = f"Skeleton '{skeleton.name}'", skeleton.num_keypoints
    for edge in skeleton.edges:
        if not all(0 <= i < num_keypoints for i in edge):
            raise InputError(f"{where}: edge {edge} is outside 0 to {num_keypoints - 1}.")
    if len(skeleton.sigmas) != num_keypoints:
        raise InputError(
            f"{where} has {num_keypoints} keypoints but {len(skeleton.sigmas)} sigmas; "
            "evaluation needs one for each."
        )
    for name, sigma in zip(skeleton.names, skeleton.sigmas, strict=True):
        if not (math.isfinite(sigma) and sigma > 0):
            raise InputError(f"{where}: sigma of '{name}' must be above 0, not {sigma}.")


_SKELETONS: dict[str, Skeleton] = {}


def register_skeleton(skeleton: Skeleton) -> None:
    """Make ``skeleton`` known under its name; an equal one may be registered again."""
    if _SKELETONS.setdefault(skeleton.name, skeleton) != skeleton:
        raise InputError(f"Another skeleton is already registered as '{skeleton.name}'.")


def get_skeleton(name: str) -> Skeleton:
    """Return the skeleton registered under ``name``; built in: coco, mpii, wflw, crowdpose."""
    if name not in _SKELETONS:
        raise InputError(
            f"Skeleton '{name}' is unknown; known are {', '.join(sorted(_SKELETONS))}."
        )
    return _SKELETONS[name]
