"""From a family's weights to the state dict of our model, with an account of every key."""

from collections import Counter
from dataclasses import dataclass

import torch
from detectron2.config import CfgNode
from torch import Tensor, nn

from ..engine.config_file import look_up
from ..errors import InputError
from .family import Family
from .source import SourceWeights

HEAD = "head."
PLACE = "head.place"
COUNTER = "num_batches_tracked"
NUM_NAMED_KEYS = 3


@dataclass
class Conversion:
    """Weights of our model from a source, and what became of every key.

    Attributes:
        weights: ours, to be loaded with ``MODEL.WEIGHTS``.
        renamed: (source key, our key) of the weights that were taken over.
        left_over: source keys that the network has no use for.
        fresh: our keys that stay as the model initializes them.
    """

    weights: dict[str, Tensor]
    renamed: list[tuple[str, str]]
    left_over: list[str]
    fresh: list[str]

    def moves(self) -> Counter:
        """Return {(source prefix, our prefix): number of weights}, equal endings left out."""
        return Counter(_different_prefixes(*pair) for pair in self.renamed)


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
    wanted = model.state_dict()
    head = [key for key in wanted if key.startswith(HEAD) and key != PLACE]
    fresh = [] if cfg.MODEL.KEYPOINT_HEAD.NAME == family.anchor_rule else head
    targets = {key: family.rename(key) for key in source.weights}
    renamed = [
        (key, target) for key, target in targets.items() if target in wanted and target not in fresh
    ]
    left_over = sorted(targets.keys() - dict(renamed).keys())
    _require_fit(source, family, "missing", _missing(wanted, dict(renamed).values(), fresh))
    _require_fit(source, family, "misshapen", _misshapen(renamed, source.weights, wanted))
    strangers = [key for key in left_over if not family.may_leave(key)]
    if fresh:
        strangers = [key for key in strangers if not (targets[key] or "").startswith(HEAD)]
    _require_fit(source, family, "strange", strangers)
    weights = {target: source.weights[key].to(wanted[target].dtype) for key, target in renamed}
    counters = (key for key in wanted if key.endswith(COUNTER) and key not in fresh)
    for key in counters:
        weights.setdefault(key, torch.zeros_like(wanted[key]))
    if PLACE in wanted:
        weights[PLACE] = torch.tensor(family.place)
    return Conversion(weights, renamed, left_over, fresh)


def _missing(wanted: dict[str, Tensor], found, fresh: list[str]) -> list[str]:
    optional = {PLACE, *found, *fresh}
    return [key for key in wanted if key not in optional and not key.endswith(COUNTER)]


def _require_settings(family: Family, cfg: CfgNode) -> None:
    for key, value in family.settings:
        if look_up(cfg, key) != value:
            raise InputError(
                f"{family.title} needs {key} {value}, but the config says {look_up(cfg, key)}."
            )


def _misshapen(renamed, weights: dict[str, Tensor], wanted: dict[str, Tensor]) -> list[str]:
    return [
        f"{key} {tuple(weights[key].shape)} for {target} {tuple(wanted[target].shape)}"
        for key, target in renamed
        if weights[key].shape != wanted[target].shape
    ]


_MISFITS = {
    "missing": "it lacks {count} weights that the network needs: {first}",
    "misshapen": "{count} weights have another shape: {first}",
    "strange": "the network has no place for {count} of its weights: {first}",
}


def _require_fit(source: SourceWeights, family: Family, misfit: str, keys: list[str]) -> None:
    if keys:
        reason = _MISFITS[misfit].format(count=len(keys), first=_first(keys))
        raise InputError(
            f"{source.path} ({family.title}) does not fit the config's network (depth, width or "
            f"number of keypoints differ): {reason}."
        )


def _first(items: list[str]) -> str:
    more = len(items) - NUM_NAMED_KEYS
    return ", ".join(items[:NUM_NAMED_KEYS]) + (f" and {more} more" if more > 0 else "")


def _different_prefixes(source: str, target: str) -> tuple[str, str]:
    """("deconv_layers.0.weight", "neck.layers.0.weight") -> ("deconv_layers", "neck.layers")."""
    source_parts, target_parts = source.split("."), target.split(".")
    while source_parts and target_parts and source_parts[-1] == target_parts[-1]:
        source_parts.pop()
        target_parts.pop()
    return ".".join(source_parts), ".".join(target_parts)
