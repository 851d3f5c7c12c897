"""What a family of checkpoints is: how its keys are named, where its grid lies."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from torch import Tensor

from ..errors import InputError
from .source import SourceWeights

# From the parts that a source has of one of our weights, sorted by key with numbers as numbers, and
# our weight as the model has it, to its new value. Parts that do not fit raise RuntimeError.
Join = Callable[[list[Tensor], Tensor], Tensor]


@dataclass(frozen=True)
class Family:
    """Checkpoints of one origin and network design.

    Attributes:
        name: what ``--from`` takes; designs of one origin share it.
        title: what messages call it.
        place: where a heatmap's index sits in its cell, see ``modeling/anchors/geometry.py``:
            index j is trained with what lies at ``(j + place) * stride`` of the crop, continuous
            pixels. Its module says why.
        renaming: (pattern, replacement) pairs. The first pattern that matches a key from its start
            is replaced; a key without a match has no counterpart.
        signature: keys that every checkpoint of the family has, and no other family's all of.
        may_stay: patterns of keys (as in the source) that a network may leave unused.
        settings: (config key, value) pairs that the network needs to compute the same, where the
            weights do not tell: the order of colours, HRNet's upsampling.
        anchor_rule: the rule that its last layer was trained for. Under another rule the head stays
            fresh.
        meta_architecture: the meta-architecture that it is for; tells designs apart whose keys are
            the same.
        head_place: place of its heatmaps where they are finer than the features; None: ``place``.
        splits: (pattern, replacements) pairs for keys whose rows are several of our weights one
            below the other: one replacement each. They go before ``renaming``.
        last_rows: how many of these rows are the last one's; None: the parts are equal.
        joins: (pattern of our key, function) pairs for our weights that consist of several of the
            source, or have other values. The first that matches counts; see ``Join``.
    """

    name: str
    title: str
    place: float
    renaming: tuple[tuple[str, str], ...]
    signature: tuple[str, ...]
    may_stay: tuple[str, ...] = ()
    settings: tuple[tuple[str, object], ...] = ()
    anchor_rule: str = "HeatmapAnchor"
    meta_architecture: str = "SinglePose"
    head_place: float | None = None
    splits: tuple[tuple[str, tuple[str, ...]], ...] = ()
    last_rows: int | None = None
    joins: tuple[tuple[str, Join], ...] = ()

    def rename(self, key: str) -> tuple[str, ...]:
        """Return our names of a source key, () when it has none; several share its rows."""
        renaming = ((pattern, (replacement,)) for pattern, replacement in self.renaming)
        for pattern, replacements in (*self.splits, *renaming):
            pattern = rf"\A(?:{pattern})"
            if re.match(pattern, key):
                return tuple(re.sub(pattern, name, key, count=1) for name in replacements)
        return ()

    def join(self, key: str, parts: list[Tensor], ours: Tensor) -> Tensor:
        """Return the value of our weight ``key`` from the source's parts of it."""
        for pattern, function in self.joins:
            if re.match(pattern, key):
                return function(parts, ours)
        (part,) = parts
        return part

    def is_origin_of(self, keys: Iterable[str]) -> bool:
        """Whether these keys are a checkpoint of this family."""
        return all(key in keys for key in self.signature)

    def may_leave(self, key: str) -> bool:
        """Whether a source key may stay unused."""
        return any(re.match(pattern, key) for pattern in self.may_stay)


def find_family(
    source: SourceWeights, name: str, families: Iterable[Family], meta_architecture: str
) -> Family:
    """Return the family of that name whose signature a file has.

    Where several of the name have it, the one for ``meta_architecture`` counts.

    Raises:
        InputError: none has; the sentence says which other family's file it is.
    """
    origins = [family for family in families if family.is_origin_of(source.weights)]
    named = [family for family in origins if family.name == name]
    if named:
        return next((f for f in named if f.meta_architecture == meta_architecture), named[0])
    keys = list(source.weights)
    if origins:
        reason = f"its keys are those of {origins[0].title}: use --from {origins[0].name}"
    else:
        reason = f"its {len(keys)} keys are named {', '.join(keys[:3])} and so on"
    raise InputError(f"{source.path} is no checkpoint of the family {name}: {reason}.")
