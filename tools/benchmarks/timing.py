"""Timing that compares: functions in turn, medians, and what the machine is."""

import os
import platform
import statistics
import time
from collections.abc import Callable

import torch

import adaanchor_d2


def describe_machine(device: str) -> dict:
    return {
        "machine": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "device": torch.cuda.get_device_name() if device == "cuda" else device,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "adaanchor_d2": adaanchor_d2.__version__,
    }


def interleave(functions: dict[str, Callable], repeats: int, device: str = "cpu") -> dict:
    """Return {name: median milliseconds} of functions called in turn, after one warm-up each."""
    times = {name: [] for name in functions}
    for repeat in range(repeats + 1):
        for name, function in functions.items():
            if device == "cuda":
                torch.cuda.synchronize()
            start = time.perf_counter()
            function()
            if device == "cuda":
                torch.cuda.synchronize()
            if repeat:
                times[name].append((time.perf_counter() - start) * 1e3)
    return {f"{name}_ms": round(statistics.median(values), 4) for name, values in times.items()}


def measure(function: Callable) -> float:
    """Return the seconds of one call."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start
