"""Checkpoints: safe to read, never half written, with averaged weights beside the raw ones."""

import glob
import logging
import os
from typing import Any
from urllib.parse import parse_qs, urlparse

import torch
from detectron2.checkpoint import DetectionCheckpointer
from torch import nn

from ..errors import InputError, name_first
from .ema import ModelEma
from .weight_files import read_pickled_arrays, read_tensors, write_atomically

logger = logging.getLogger(__name__)


class SafeCheckpointer(DetectionCheckpointer):
    """Detectron2's checkpointer, with these differences.

    * Loading runs no code from the file, whatever its format.
    * Files appear whole or not at all; ``last_checkpoint`` too.
    * A file whose weights do not fit is an InputError: for initial weights (``MODEL.WEIGHTS``) when
      a shape differs or no parameter is found, on resuming when anything differs.
    * With ``ema``, the entry ``model`` holds the averaged weights, those that are evaluated, and
      ``raw_model`` the weights that training goes on with.

    Args:
        model: the model, wrapped for distributed training or not.
        save_dir: folder of the checkpoints.
        ema: the moving average of the model's weights, if there is one.
        checkpointables: further objects to save and, on resuming, to restore.
    """

    def __init__(
        self,
        model: nn.Module,
        save_dir: str = "",
        *,
        ema: ModelEma | None = None,
        save_to_disk: bool | None = None,
        **checkpointables: Any,
    ) -> None:
        super().__init__(model, save_dir, save_to_disk=save_to_disk, **checkpointables)
        self.ema = ema
        self._path = ""
        self._is_resuming = False

    def save(self, name: str, **extra: Any) -> None:
        """Write ``<save_dir>/<name>.pth`` and name it in ``last_checkpoint``."""
        self.save_untagged(name, **extra)
        if self.save_dir and self.save_to_disk:
            self.tag_last_checkpoint(f"{name}.pth")

    def save_untagged(self, name: str, **extra: Any) -> None:
        """Write ``<save_dir>/<name>.pth``; ``last_checkpoint`` stays as it is."""
        if not self.save_dir or not self.save_to_disk:
            return
        data = {"model": self.model.state_dict()}
        if self.ema is not None:
            data["raw_model"] = data["model"]
            data["model"] = self.ema.module.state_dict()
            data["ema"] = {"num_updates": self.ema.num_updates}
        for key, checkpointable in self.checkpointables.items():
            data[key] = checkpointable.state_dict()
        data.update(extra)
        path = os.path.join(self.save_dir, f"{name}.pth")
        logger.info("Saving checkpoint to %s", path)
        write_atomically(path, lambda file: torch.save(data, file))

    def tag_last_checkpoint(self, last_filename_basename: str) -> None:
        path = os.path.join(self.save_dir, "last_checkpoint")
        write_atomically(path, lambda file: file.write(last_filename_basename.encode()))

    def resume_or_load(self, path: str, *, resume: bool = True) -> dict[str, Any]:
        """Resume from the last checkpoint if ``resume`` and there is one, else load ``path``.

        Temporary files that a killed run left behind are removed.
        """
        if resume and self.checkpointables and self.save_dir and self.save_to_disk:
            for leftover in glob.glob(os.path.join(glob.escape(self.save_dir), "*.pth.tmp")):
                os.unlink(leftover)
        return super().resume_or_load(path, resume=resume)

    def load(self, path: str, checkpointables: list[str] | None = None) -> dict[str, Any]:
        """Load a file; with ``checkpointables=None`` also the training state, if this has any.

        Args:
            path: a local path or any that Detectron2's PathManager knows; "" loads nothing.
            checkpointables: names of the objects to restore, None for all.

        Raises:
            InputError: no such file, or one that cannot be read or does not fit.
        """
        check_weight_path(path)
        self._path = path
        self._is_resuming = checkpointables is None and bool(self.checkpointables)
        try:
            return super().load(path, checkpointables)
        except InputError:
            raise
        except (AssertionError, OSError) as error:
            reason = getattr(error, "strerror", None) or str(error).rstrip(".")
            raise InputError(f"Checkpoint {path} cannot be read: {reason}.") from error

    def _load_file(self, filename: str) -> dict[str, Any]:
        """Read a local file into ``{"model": weights, ...}``; formats as in Detectron2."""
        if filename.endswith(".pkl"):
            return _from_model_zoo(read_pickled_arrays(filename))
        loaded = read_tensors(filename)
        if not isinstance(loaded, dict):
            raise InputError(f"Weight file {filename} holds no dict of weights.")
        if filename.endswith(".pyth") and "model_state" in loaded:  # written by pycls
            return _with_matching_heuristics(loaded["model_state"], "pycls")
        checkpoint = loaded if "model" in loaded else {"model": loaded}
        if parse_qs(urlparse(self._path).query).get("matching_heuristics") == ["True"]:
            checkpoint["matching_heuristics"] = True
        return checkpoint

    def _load_model(self, checkpoint: dict[str, Any]):
        self._require_weights(checkpoint["model"])
        raw_weights = checkpoint.pop("raw_model", None)
        averaged_weights, ema_state = checkpoint["model"], checkpoint.pop("ema", None)
        if self._is_resuming:
            self._require_training_state(checkpoint)
            if raw_weights is not None:
                checkpoint["model"] = raw_weights
        keys_in_file = list(checkpoint["model"])
        incompatible = self._match_and_load(checkpoint)
        self._require_fit(incompatible, keys_in_file)
        if self.ema is not None:
            self._start_ema(averaged_weights, ema_state)
        return incompatible

    def _match_and_load(self, checkpoint: dict[str, Any]):
        if not checkpoint.get("matching_heuristics"):
            return super()._load_model(checkpoint)
        try:
            return super()._load_model(checkpoint)
        except (KeyError, ValueError) as error:
            raise InputError(
                f"The weights of {self._path} cannot be matched by their names: "
                f"{str(error.args[0]).rstrip('.')}."
            ) from error

    def _require_weights(self, weights: Any) -> None:
        if not isinstance(weights, dict):
            raise InputError(f"Checkpoint {self._path} holds no dict of weights under 'model'.")
        for key, value in weights.items():
            is_array = hasattr(value, "shape") and hasattr(value, "dtype")
            if not is_array or str(value.dtype) == "object":
                raise InputError(
                    f"Checkpoint {self._path} holds a value of type {type(value).__name__} "
                    f"instead of a weight under {key!r}."
                )

    def _require_training_state(self, checkpoint: dict[str, Any]) -> None:
        for key in self.checkpointables:
            if key not in checkpoint:
                raise InputError(
                    f"Checkpoint {self._path} holds weights only, no {key!r} state: it can be "
                    "MODEL.WEIGHTS of a new run, but no run can be resumed from it."
                )

    def _require_fit(self, incompatible, keys_in_file: list[str]) -> None:
        """Raise InputError where Detectron2 only warns, and the model would be left wrong."""
        wrong_shapes = [
            f"{key} is {tuple(in_file)} in the file but {tuple(in_model)} in the model"
            for key, in_file, in_model in incompatible.incorrect_shapes
        ]
        if wrong_shapes:
            raise InputError(
                f"Checkpoint {self._path} does not fit the model: {name_first(wrong_shapes)}."
            )
        parameters = [name for name, _ in self.model.named_parameters()]
        if parameters and set(parameters) <= set(incompatible.missing_keys):
            raise InputError(
                f"Checkpoint {self._path} holds no parameter of the model: its keys are "
                f"{name_first(keys_in_file)}, the model's {name_first(parameters)}."
            )
        for problem in ("missing", "unexpected"):
            keys = getattr(incompatible, f"{problem}_keys")
            if keys and (self._is_resuming or not self.checkpointables):
                purpose = "resumed" if self._is_resuming else "evaluated"
                raise InputError(
                    f"Checkpoint {self._path} is of another model than the one to be {purpose}: "
                    f"{problem} keys {name_first(keys)}."
                )

    def _start_ema(self, averaged_weights: dict, ema_state: dict | None) -> None:
        """Go on with the average of the run that is resumed, or start at the weights just loaded.

        Until its first update, an average that starts is evaluated too.
        """
        if self._is_resuming and ema_state is not None:
            self.ema.restore(averaged_weights, ema_state["num_updates"])
        else:
            logger.info("The moving average starts at the weights of %s.", self._path)
            self.ema.restore(self.model.state_dict(), num_updates=0)


def check_weight_path(path: str) -> None:
    """Raise InputError where a local path names no file; "" names nothing and passes."""
    parsed = urlparse(path)
    if path and not parsed.scheme and not os.path.isfile(parsed.path):
        raise InputError(f"There is no checkpoint {path}.")


def _from_model_zoo(data: dict[str, Any]) -> dict[str, Any]:
    """Sort out the two kinds of ``.pkl``: Detectron2's, and those of Detectron1 and Caffe2."""
    if "model" in data and "__author__" in data:
        return data
    blobs = data.get("blobs", data)
    weights = {key: blob for key, blob in blobs.items() if not key.endswith("_momentum")}
    return _with_matching_heuristics(weights, "Caffe2")


def _with_matching_heuristics(weights: dict[str, Any], author: str) -> dict[str, Any]:
    return {"model": weights, "__author__": author, "matching_heuristics": True}
