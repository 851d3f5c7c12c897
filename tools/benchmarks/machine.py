"""What a benchmark ran on: the machine and the versions of what counts."""

import os
import platform
import re
from pathlib import Path

import cv2
import detectron2
import numpy as np
import timm
import torch
import torchvision

import adaanchor_d2


def describe_machine(device: str) -> dict:
    """Return the machine, the device of the benchmark and versions, ready for JSON."""
    is_cuda = torch.device(device).type == "cuda"
    return {
        "platform": platform.platform(),
        "cpu": cpu_model(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "device": device,
        "gpu": torch.cuda.get_device_name(device) if is_cuda else None,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
        "timm": timm.__version__,
        "numpy": np.__version__,
        "opencv": cv2.__version__,
        "detectron2": detectron2.__version__,
        "detectron2_is_lite": "lite" in detectron2.__version__,
        "adaanchor_d2": adaanchor_d2.__version__,
    }


def cpu_model() -> str:
    """Return the processor's name; Linux tells it in /proc/cpuinfo only."""
    try:
        found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    except OSError:
        found = None
    return found.group(1) if found else platform.processor() or platform.machine()
