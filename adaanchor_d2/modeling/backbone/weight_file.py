"""Reading of local weight files that a config names, before there is a model to load them."""

import os

import torch
from torch import Tensor

from ...errors import InputError


def read_weight_file(path: str, config_key: str) -> dict[str, Tensor]:
    """Read {name: weight} from a local file without executing anything that it may hold.

    Args:
        path: a .pth or .safetensors file: a dict of weights, or one below "state_dict" or "model".
        config_key: where the path comes from, for messages.
    """
    if not os.path.isfile(path):
        raise InputError(f"{config_key}: there is no file {path}.")
    try:
        if path.endswith(".safetensors"):
            from safetensors.torch import load_file

            return load_file(path)
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise InputError(
            f"{config_key}: {path} is no readable weight file: damaged, no file of weights, or it "
            "holds more than tensors and plain values."
        ) from error
    for key in ("state_dict", "model"):
        if isinstance(loaded, dict) and isinstance(loaded.get(key), dict):
            loaded = loaded[key]
    if not isinstance(loaded, dict) or not all(isinstance(v, Tensor) for v in loaded.values()):
        raise InputError(f"{config_key}: {path} holds no dict of named weights.")
    return loaded


def first_line(error: Exception) -> str:
    """The first line of what an error says, or its type where it says nothing."""
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
