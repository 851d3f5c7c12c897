"""Checkpoints of a model and of what belongs to its training."""

import logging
from typing import Any

import torch
from fvcore.common.checkpoint import Checkpointer
from torch import nn

from detectron2.utils import comm
from detectron2.utils.file_io import PathManager
from detectron2.utils.registry import only_in_detectron2


class DetectionCheckpointer(Checkpointer):
    """Saves on process 0 and loads without executing code (``weights_only=True``).

    A path that ends in ``?matching_heuristics=True``, or a checkpoint that says so itself, is
    loaded by the ends of the parameter names (:func:`match_by_suffix`).

    Args:
        model: the model, or its DistributedDataParallel wrapper.
        save_dir: folder of the checkpoints.
        save_to_disk: whether this process saves; by default only process 0 does.
        checkpointables: objects with ``state_dict`` and ``load_state_dict``.
    """

    def __init__(
        self,
        model: nn.Module,
        save_dir: str = "",
        *,
        save_to_disk: bool | None = None,
        **checkpointables: Any,
    ):
        if save_to_disk is None:
            save_to_disk = comm.is_main_process()
        super().__init__(model, save_dir, save_to_disk=save_to_disk, **checkpointables)
        self.path_manager = PathManager
        self._use_heuristics = False

    def load(self, path: str, checkpointables: list[str] | None = None) -> dict[str, Any]:
        """Load a checkpoint and return what in it was not used; "" loads nothing."""
        path, _, query = (path or "").partition("?")
        if query not in ("", "matching_heuristics=True"):
            raise ValueError(f"Unsupported query '{query}' in the checkpoint's path {path}.")
        self._use_heuristics = bool(query)
        return super().load(path, checkpointables)

    def _load_file(self, filename: str) -> dict[str, Any]:
        if filename.endswith((".pkl", ".pyth")):
            raise only_in_detectron2(f"Loading of {filename}, a file of a model zoo,")
        loaded = torch.load(filename, map_location="cpu", weights_only=True)
        return loaded if "model" in loaded else {"model": loaded}

    def _load_model(self, checkpoint: dict[str, Any]):
        if self._use_heuristics or checkpoint.get("matching_heuristics", False):
            if checkpoint.get("__author__") == "Caffe2":
                raise only_in_detectron2("The conversion of Caffe2 checkpoints")
            checkpoint["model"] = match_by_suffix(self.model.state_dict(), checkpoint["model"])
        incompatible = super()._load_model(checkpoint)
        # The config sets these two, so a checkpoint may lack them.
        for name in {"pixel_mean", "pixel_std"} & set(incompatible.missing_keys):
            incompatible.missing_keys.remove(name)
        return incompatible


def match_by_suffix(
    model_state: dict[str, torch.Tensor], loaded_state: dict[str, torch.Tensor]
) -> dict[str, torch.Tensor]:
    """Rename loaded weights to the model's names.

    A model's weight takes the loaded one with the longest name that its own name ends in
    (``backbone.res2.conv1.weight`` takes ``res2.conv1.weight``), if the shapes are equal.

    Args:
        model_state: the model's state.
        loaded_state: weights with names that lack leading parts.

    Returns:
        The weights under the model's names, and those without a match under their own.
    """
    taken_by: dict[str, str] = {}
    for model_name, value in model_state.items():
        parts = model_name.split(".")
        suffixes = (".".join(parts[begin:]) for begin in range(len(parts)))
        name = next((suffix for suffix in suffixes if suffix in loaded_state), None)
        if name is None:
            continue
        if loaded_state[name].shape != value.shape:
            logging.getLogger(__name__).warning(
                f"{name} is not loaded: its shape is {tuple(loaded_state[name].shape)} in the "
                f"checkpoint and {tuple(value.shape)} in the model."
            )
            continue
        if name in taken_by:
            raise ValueError(
                f"{name} in the checkpoint matches both {taken_by[name]} and {model_name}."
            )
        taken_by[name] = model_name
    return {taken_by.get(name, name): value for name, value in loaded_state.items()}
