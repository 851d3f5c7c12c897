"""What a bug report needs to know about the machine."""

import importlib
import sys

import torch
from tabulate import tabulate

_PACKAGES = ("detectron2", "torch", "torchvision", "numpy", "fvcore", "iopath", "cv2")


def _version(module_name: str) -> str:
    try:
        module = importlib.import_module(module_name)
    except ImportError:
        return "not installed"
    return f"{module.__version__} @{module.__file__}"


def collect_env_info() -> str:
    """Return a table of versions and devices, followed by torch's build configuration."""
    rows = [("sys.platform", sys.platform), ("Python", sys.version.replace("\n", ""))]
    rows += [(name, _version(name)) for name in _PACKAGES]
    rows.append(("GPU available", torch.cuda.is_available()))
    for index in range(torch.cuda.device_count()):
        rows.append((f"GPU {index}", torch.cuda.get_device_name(index)))
    return tabulate(rows) + "\n" + torch.__config__.show()
