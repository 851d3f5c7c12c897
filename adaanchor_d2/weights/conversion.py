"""From a family's weights to the state dict of our model, with an account of every key."""

import re
from collections import Counter
from dataclasses import dataclass

import torch
from detectron2.config import CfgNode
from torch import Tensor, nn

from ..engine.config_file import look_up
from ..errors import InputError, name_first
from .family import Family
from .source import SourceWeights

HEAD = "head."
PLACE = ".place"
NUMBER = r"\b\d+\b"
COUNTER = "num_batches_tracked"


@dataclass
class Conversion:
    """Weights of our model from a source, and what became of every key.

    Attributes:
        weights: ours, to be loaded with ``MODEL.WEIGHTS``.
        renamed: (source key, our key) of the weights that were taken over; a source key that became
            part of several of our weights has several pairs, and so has our key the other way.
        left_over: source keys that the network has no use for.
        fresh: our keys that stay as the model initializes them.
    """

    weights: dict[str, Tensor]
    renamed: list[tuple[str, str]]
    left_over: list[str]
    fresh: list[str]

    def moves(self) -> Counter:
        """Return {(source prefix, our prefix): number of weights}, equal endings left out.

        Numbers in the source keys that one of our weights consists of are ``*``.
        """
        parts = Counter(ours for _, ours in self.renamed)
        return Counter(
            _different_prefixes(re.sub(NUMBER, "*", key) if parts[ours] > 1 else key, ours)
            for key, ours in self.renamed
        )


def convert(source: SourceWeights, family: Family, model: nn.Module, cfg: CfgNode) -> Conversion:
    """Convert ``source`` for ``model``.

    The grid's place of the family becomes part of the weights. Batch-norm counters that old files
    lack start at 0.

    Args:
        source: weights of ``family``.
        model: the model that ``cfg`` builds. Its head is converted when its anchor rule is the
            family's, and stays fresh otherwise.

    Raises:
        InputError: a weight that the network needs is missing, has another shape, or has no place
            in the network though the family does not allow for that; or the network would compute
            something else with the weights.
    """
    _require_settings(family, cfg)
    _require_finite(source)
    wanted = model.state_dict()
    places = [key for key in wanted if key.endswith(PLACE)]
    head = [key for key in wanted if key.startswith(HEAD) and key not in places]
    same_rule = cfg.MODEL.KEYPOINT_HEAD.NAME == family.anchor_rule
    fresh = [] if same_rule else head
    targets = {key: family.rename(key) for key in source.weights}
    ours = {key: value for key, value in wanted.items() if key not in fresh}
    weights = _put_together(source, family, targets, ours)
    renamed = [(key, name) for key, names in targets.items() for name in names if name in weights]
    left_over = sorted(targets.keys() - dict(renamed).keys())
    _require_fit(source, family, "missing", _missing(wanted, weights, [*fresh, *places]))
    _require_fit(source, family, "misshapen", _misshapen(renamed, weights, wanted))
    strangers = [key for key in left_over if not family.may_leave(key)]
    if fresh:
        strangers = [
            key for key in strangers if not any(name.startswith(HEAD) for name in targets[key])
        ]
    _require_fit(source, family, "strange", strangers)
    weights = {key: value.to(wanted[key].dtype) for key, value in weights.items()}
    counters = (key for key in wanted if key.endswith(COUNTER) and key not in fresh)
    for key in counters:
        weights.setdefault(key, torch.zeros_like(wanted[key]))
    for key in places:
        finer = same_rule and key == HEAD + "place" and family.head_place is not None
        weights[key] = torch.tensor(family.head_place if finer else family.place)
    return Conversion(weights, renamed, left_over, fresh)


def _put_together(
    source: SourceWeights,
    family: Family,
    targets: dict[str, tuple[str, ...]],
    ours: dict[str, Tensor],
) -> dict[str, Tensor]:
    """Return {our key: weight} of what the source has of ``ours``."""
    parts = {}
    for key in sorted(targets, key=_numbers_as_numbers):
        names = targets[key]
        for name, part in zip(names, _split(source.weights[key], names, family), strict=True):
            if name in ours:
                parts.setdefault(name, []).append(part)
    return {name: _join(family, name, found, ours[name]) for name, found in parts.items()}


def _split(weight: Tensor, names: tuple[str, ...], family: Family) -> tuple[Tensor, ...]:
    """Rows that cannot be split as wanted stay together, and then fit nowhere."""
    count = len(names)
    if count < 2:
        return (weight,) * count
    if family.last_rows is None and len(weight) % count == 0:
        return weight.split(len(weight) // count)
    if family.last_rows is not None and count == 2 and len(weight) > family.last_rows:
        return weight.split([len(weight) - family.last_rows, family.last_rows])
    return (weight,) * count


def _join(family: Family, key: str, parts: list[Tensor], ours: Tensor) -> Tensor:
    """Parts that do not fit together are represented by the first, which then fits nowhere."""
    try:
        return family.join(key, parts, ours)
    except RuntimeError:
        return parts[0]


def _numbers_as_numbers(key: str) -> list:
    """Sorts "layers.2.bias" before "layers.10.bias"."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in key.split(".")]


def _missing(wanted: dict[str, Tensor], found, optional: list[str]) -> list[str]:
    optional = {*found, *optional}
    return [key for key in wanted if key not in optional and not key.endswith(COUNTER)]


def _require_settings(family: Family, cfg: CfgNode) -> None:
    for key, value in family.settings:
        if look_up(cfg, key) != value:
            raise InputError(
                f"{family.title} needs {key} {value}, but the config says {look_up(cfg, key)}: set "
                "it here (--opts) and wherever the weights are used."
            )


def _require_finite(source: SourceWeights) -> None:
    bad = [key for key, value in source.weights.items() if not value.isfinite().all()]
    if bad:
        raise InputError(f"{source.path} has weights that are not finite: {name_first(bad)}.")


def _misshapen(renamed, weights: dict[str, Tensor], wanted: dict[str, Tensor]) -> list[str]:
    return [
        f"{key} {tuple(weights[target].shape)} for {target} {tuple(wanted[target].shape)}"
        for key, target in renamed
        if weights[target].shape != wanted[target].shape
    ]


_MISFITS = {
    "missing": "it lacks {count} weights that the network needs: {first}",
    "misshapen": "{count} weights have another shape: {first}",
    "strange": "the network has no place for {count} of its weights: {first}",
}


def _require_fit(source: SourceWeights, family: Family, misfit: str, keys: list[str]) -> None:
    if keys:
        reason = _MISFITS[misfit].format(count=len(keys), first=name_first(keys))
        raise InputError(
            f"{source.path} ({family.title}) does not fit the config's network (depth, width or "
            f"number of keypoints differ): {reason}."
        )


def _different_prefixes(source: str, target: str) -> tuple[str, str]:
    """("deconv_layers.0.weight", "neck.layers.0.weight") -> ("deconv_layers", "neck.layers")."""
    source_parts, target_parts = source.split("."), target.split(".")
    while source_parts and target_parts and source_parts[-1] == target_parts[-1]:
        source_parts.pop()
        target_parts.pop()
    return ".".join(source_parts), ".".join(target_parts)
