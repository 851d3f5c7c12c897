"""Checkpoints in the original form, with weights made by the rule of the parity fixtures."""

import math
import zlib

import numpy as np
import torch
from torch import Tensor


def make_weights(shapes: dict[str, list[int]]) -> dict[str, Tensor]:
    """Return the weights that the rule gives for {key: shape}."""
    return {key: torch.from_numpy(np.asarray(_make(key, shapes[key]))) for key in shapes}


def make_input(shape: list[int]) -> Tensor:
    """Return the input that the rule gives."""
    return torch.from_numpy(np.random.default_rng(12345).standard_normal(shape).astype(np.float32))


def _make(key: str, shape: list[int]) -> np.ndarray:
    if key.endswith("num_batches_tracked"):
        return np.zeros(shape, np.int64)
    rng = np.random.default_rng(zlib.crc32(key.encode()))
    if key.endswith("running_var"):
        return rng.uniform(0.8, 1.2, shape).astype(np.float32)
    normal = rng.standard_normal(shape).astype(np.float32)
    if key.endswith(("running_mean", "bias")):
        return 0.1 * normal
    if len(shape) == 1:
        return 1 + 0.1 * normal
    return normal / np.float32(math.sqrt(math.prod(shape[1:])))
