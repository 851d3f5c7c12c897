"""Trains runs in parallel processes of one thread each, and tells how far they are."""

import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch

from ..errors import InputError
from ..visualization.curves import read_metrics

POLL_SECONDS = 0.5
PROGRESS_SECONDS = 20
_ENDING = (signal.SIGTERM, signal.SIGHUP)


class TrainingRun(NamedTuple):
    """One training process.

    Attributes:
        title: what messages call it.
        config_file: for ``train_net.py``.
        options: KEY VALUE ..., without OUTPUT_DIR.
        folder: its OUTPUT_DIR.
    """

    title: str
    config_file: str
    options: list[str]
    folder: Path


class _Job(NamedTuple):
    run: TrainingRun
    process: subprocess.Popen
    start: float


def device_options() -> list[str]:
    return ["MODEL.DEVICE", "cuda" if torch.cuda.is_available() else "cpu"]


def default_num_jobs() -> int:
    """One run for each GPU or, without any, for each processor core."""
    return torch.cuda.device_count() or os.cpu_count() or 1


def train_runs(runs: Sequence[TrainingRun], train_net: Path, num_jobs: int) -> dict[str, float]:
    """Train the runs, ``num_jobs`` at a time, in their order; return the seconds of each title.

    Args:
        train_net: the script ``train_net.py``.

    Raises:
        InputError: a training fails. Those under way are finished first, no further one starts.
    """
    waiting, jobs = deque(runs), dict[int, _Job]()
    seconds: dict[str, float] = {}
    failures: list[str] = []
    last_report = time.time()
    ends: list[int] = []  # Signals; acted upon between trainings' starts, so that none is left.
    handlers = {
        number: signal.signal(number, lambda number, _: ends.append(number))
        for number in _ENDING
        if signal.getsignal(number) is not signal.SIG_IGN  # nohup's
    }
    try:
        while jobs or (waiting and not failures):
            while waiting and not failures and len(jobs) < num_jobs:
                slot = next(slot for slot in range(num_jobs) if slot not in jobs)
                jobs[slot] = _start(waiting.popleft(), train_net, slot)
            time.sleep(POLL_SECONDS)
            if ends:
                sys.exit(128 + ends[0])
            for slot, job in list(jobs.items()):
                if job.process.poll() is not None:
                    del jobs[slot]
                    seconds[job.run.title] = time.time() - job.start
                    failures += _failure(job)
            if time.time() - last_report > PROGRESS_SECONDS:
                last_report = time.time()
                _report(jobs, len(seconds), len(runs))
    finally:
        for job in jobs.values():
            job.process.kill()
            job.process.wait()
        for number, handler in handlers.items():
            signal.signal(number, handler)
    if failures:
        raise InputError(failures[0])
    return seconds


def _start(run: TrainingRun, train_net: Path, slot: int) -> _Job:
    """Start a run, on the GPU that belongs to the slot where there are several."""
    run.folder.mkdir(parents=True, exist_ok=True)
    (run.folder / "metrics.json").unlink(missing_ok=True)
    command = [sys.executable, str(train_net), "--config-file", run.config_file]
    command += ["OUTPUT_DIR", str(run.folder), *run.options]
    with open(run.folder / "output.txt", "w") as log:
        process = subprocess.Popen(
            command,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "OMP_NUM_THREADS": "1", **gpu_of_slot(slot)},
        )
    return _Job(run, process, time.time())


def gpu_of_slot(slot: int) -> dict[str, str]:
    """The environment that gives a slot its GPU in turn; empty where there is no choice."""
    num_gpus = torch.cuda.device_count()
    if num_gpus < 2:
        return {}
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    names = chosen.split(",") if chosen else [str(index) for index in range(num_gpus)]
    return {"CUDA_VISIBLE_DEVICES": names[slot % num_gpus]}


def _failure(job: _Job) -> list[str]:
    """The sentence about a finished process that failed; none otherwise."""
    if not job.process.returncode:
        return []
    log = job.run.folder / "output.txt"
    last = log.read_text().strip().splitlines()[-1:]
    reason = last[0].removeprefix("error: ") if last else "no output"
    return [f"Training {job.run.title} failed: {reason} (all of it is in {log})."]


def _report(jobs: dict[int, _Job], num_done: int, num_runs: int) -> None:
    under_way = ",  ".join(_progress(job.run) for job in jobs.values())
    print(f"  {num_done} of {num_runs} done;  {under_way}", flush=True)


def _progress(run: TrainingRun) -> str:
    """One phrase on how far a run is, from its metrics file."""
    if not (run.folder / "metrics.json").exists():
        return f"{run.title}: starting"
    records = [record for record in read_metrics(run.folder) if "total_loss" in record]
    if not records:
        return f"{run.title}: starting"
    iteration, loss = records[-1]["iteration"] + 1, records[-1]["total_loss"]
    return f"{run.title}: iteration {iteration}, loss {loss:.3g}"
