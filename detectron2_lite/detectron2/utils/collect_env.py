"""What a bug report needs to know about the machine."""

import importlib
import os
import sys

import numpy as np
import torch
from tabulate import tabulate

import detectron2

__all__ = ["collect_env_info"]


def _optional_version(module_name: str) -> str:
    try:
        return str(importlib.import_module(module_name).__version__)
    except ImportError:
        return "not installed"


def _gpu_rows() -> list[tuple[str, str]]:
    if not torch.cuda.is_available():
        return [("GPU available", "No: torch.cuda.is_available() == False")]
    rows = [("GPU available", "Yes")]
    for index in range(torch.cuda.device_count()):
        major, minor = torch.cuda.get_device_capability(index)
        name = torch.cuda.get_device_name(index)
        rows.append((f"GPU {index}", f"{name} (arch={major}.{minor})"))
    return rows


def collect_env_info() -> str:
    """Return a table of versions and devices, followed by torch's build configuration."""
    rows = [
        ("sys.platform", sys.platform),
        ("Python", sys.version.replace("\n", "")),
        ("numpy", np.__version__),
        ("detectron2", f"{detectron2.__version__} @{os.path.dirname(detectron2.__file__)}"),
        ("PyTorch", f"{torch.__version__} @{os.path.dirname(torch.__file__)}"),
        ("PyTorch debug build", torch.version.debug),
        *_gpu_rows(),
    ]
    for module_name in ("torchvision", "fvcore", "iopath", "cv2"):
        rows.append((module_name, _optional_version(module_name)))
    return tabulate(rows) + "\n" + torch.__config__.show()
