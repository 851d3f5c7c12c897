"""Random seeds, and what a user has to set up before anything else."""

import importlib
import logging
import os
import random
import runpy
from pathlib import Path

import numpy as np
import torch

_VARIABLE = "DETECTRON2_ENV_MODULE"


def seed_all_rng(seed: int | None = None) -> None:
    """Seed Python's, numpy's and torch's generators; None draws a seed and logs it."""
    if seed is None:
        seed = int.from_bytes(os.urandom(4), "little") >> 1
        logging.getLogger(__name__).info(f"Using a generated random seed {seed}")
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    os.environ["PYTHONHASHSEED"] = str(seed)


def setup_environment() -> None:
    """Call ``setup_environment()`` of the Python file or module that $DETECTRON2_ENV_MODULE names.

    Importing ``detectron2`` does this, in every process.

    Raises:
        ImportError: the variable names no such file or module, or it has no such function.
    """
    name = os.environ.get(_VARIABLE)
    if not name:
        return
    if name.endswith(".py"):
        if not Path(name).is_file():
            raise ImportError(f"{_VARIABLE} names {name}, which is no file.")
        namespace = runpy.run_path(name)
    else:
        try:
            namespace = vars(importlib.import_module(name))
        except ImportError as error:
            raise ImportError(f"{_VARIABLE} names {name}: {error}.") from error
    if not callable(namespace.get("setup_environment")):
        raise ImportError(f"{_VARIABLE} names {name}, which has no function setup_environment.")
    namespace["setup_environment"]()
