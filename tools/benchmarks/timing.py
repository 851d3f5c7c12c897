"""Timing that compares: functions in turn, and medians."""

import statistics
import time
from collections.abc import Callable

import torch


def interleave(functions: dict[str, Callable], repeats: int, device: str = "cpu") -> dict:
    """Return {name: median milliseconds} of functions called in turn, after one warm-up each."""
    is_cuda = torch.device(device).type == "cuda"
    times = {name: [] for name in functions}
    for repeat in range(repeats + 1):
        for name, function in functions.items():
            if is_cuda:
                torch.cuda.synchronize(device)
            start = time.perf_counter()
            function()
            if is_cuda:
                torch.cuda.synchronize(device)
            if repeat:
                times[name].append((time.perf_counter() - start) * 1e3)
    return {f"{name}_ms": round(statistics.median(values), 4) for name, values in times.items()}


def processor_time(function: Callable, repeats: int) -> float:
    """Return the median milliseconds of processor time of a function, after one warm-up.

    All threads count. Waiting for a busy processor does not, sharing its caches still does.
    """
    times = []
    for _ in range(repeats + 1):
        start = time.process_time()
        function()
        times.append((time.process_time() - start) * 1e3)
    return round(statistics.median(times[1:]), 4)


def measure(function: Callable) -> float:
    """Return the seconds of one call."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start
