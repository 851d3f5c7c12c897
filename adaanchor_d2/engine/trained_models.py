"""Trained models from pairs of config and weight file, for tools that compare them."""

from collections.abc import Sequence
from dataclasses import dataclass

from detectron2.config import CfgNode
from detectron2.modeling import build_model
from torch import nn

from ..errors import InputError
from .checkpointer import SafeCheckpointer, check_weight_path
from .checks import check_evaluation
from .config_file import load_config


@dataclass(frozen=True)
class ModelChoice:
    """A config and the weight files that were trained with it, one a seed.

    Attributes:
        title: what figures and tables call it.
        cfg: checked for evaluation.
    """

    title: str
    config_file: str
    weight_files: tuple[str, ...]
    cfg: CfgNode

    def load(self) -> list[nn.Module]:
        """Build the model once for each weight file, in evaluation mode."""
        return [load_trained_model(self.cfg, path) for path in self.weight_files]


def choose_models(
    words: Sequence[Sequence[str]],
    titles: Sequence[str] | None = None,
    dataset_name: str | None = None,
    options: Sequence[str] = (),
    taken: Sequence[str] = (),
) -> list[ModelChoice]:
    """Read the configs of ``--model CONFIG WEIGHTS ...`` flags and check all before any work.

    Args:
        words: of each flag.
        titles: one a flag; None: the anchor rules' names, numbered where they are equal.
        dataset_name: to evaluate on; None: that of the first config.
        options: config options, for all.
        taken: titles that others have.
    """
    for group in words:
        if len(group) < 2:
            raise InputError(f"--model {' '.join(group)} needs a config and a weight file.")
        for path in group[1:]:
            check_weight_path(path)
    if titles is not None and (len(titles) != len(words) or len(set(titles)) < len(titles)):
        raise InputError(f"--titles needs {len(words)} different titles, one for each --model.")
    for title in titles or ():
        if title in taken:
            raise InputError(f"--titles gives the name {title}, which another model has.")
    choices = []
    for config_file, *weight_files in words:
        cfg = load_config(config_file, list(options))
        dataset_name = dataset_name or next(iter(cfg.DATASETS.TEST), "")
        test_set = f"({dataset_name!r},)" if dataset_name else "()"
        cfg = load_config(config_file, [*options, "DATASETS.TEST", test_set])
        check_evaluation(cfg)
        rule = cfg.MODEL.KEYPOINT_HEAD.NAME
        used = [*taken, *(choice.title for choice in choices)]
        title = titles[len(choices)] if titles else _new_title(rule, used)
        choices.append(ModelChoice(title, config_file, tuple(weight_files), cfg))
    return choices


def load_trained_model(cfg: CfgNode, path: str) -> nn.Module:
    """Return the model of a config with the weights of a file, in evaluation mode."""
    model = build_model(without_pretrained_backbone(cfg))
    SafeCheckpointer(model).load(path)
    return model.eval()


def without_pretrained_backbone(cfg: CfgNode) -> CfgNode:
    """Return a config that loads no weights which a checkpoint replaces anyway."""
    cfg = cfg.clone()
    cfg.defrost()
    cfg.MODEL.TIMM.PRETRAINED = False
    cfg.MODEL.TIMM.WEIGHTS = ""
    cfg.freeze()
    return cfg


def _new_title(rule: str, taken: list[str]) -> str:
    names = (rule, *(f"{rule} ({number})" for number in range(2, len(taken) + 2)))
    return next(name for name in names if name not in taken)
