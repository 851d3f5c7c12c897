"""Where the events of a training are written: console, JSON lines, TensorBoard."""

import datetime
import json
import logging
from collections import defaultdict
from functools import cached_property

import torch

from detectron2.utils.event_storage import EventStorage, get_event_storage
from detectron2.utils.file_io import PathManager


class EventWriter:
    """Takes events out of the open storage and writes them somewhere."""

    def write(self) -> None:
        """Write what is new."""
        raise NotImplementedError

    def close(self) -> None:
        """Finish writing."""


class _NewScalars:
    """The scalars that came since the last call, by iteration, with medians where wanted."""

    def __init__(self, window_size: int):
        self._window_size = window_size
        self._last_iteration = -1

    def __call__(self) -> list[tuple[int, dict[str, float]]]:
        new: dict[int, dict[str, float]] = defaultdict(dict)
        latest = get_event_storage().latest_with_smoothing_hint(self._window_size)
        for name, (value, iteration) in latest.items():
            if iteration > self._last_iteration:
                new[iteration][name] = value
        self._last_iteration = max([self._last_iteration, *new])
        return sorted(new.items())


class JSONWriter(EventWriter):
    """Appends scalars to a file, one JSON object a line, each with its "iteration".

    Args:
        json_file: path.
        window_size: iterations over which smoothed scalars take their median.
    """

    def __init__(self, json_file: str, window_size: int = 20):
        self._file = PathManager.open(json_file, "a")
        self._new_scalars = _NewScalars(window_size)

    def write(self) -> None:
        for iteration, scalars in self._new_scalars():
            line = json.dumps({**scalars, "iteration": iteration}, sort_keys=True)
            self._file.write(line + "\n")
        self._file.flush()

    def close(self) -> None:
        self._file.close()


class TensorboardXWriter(EventWriter):
    """Writes scalars to TensorBoard.

    Args:
        log_dir: folder of the event files.
        window_size: iterations over which smoothed scalars take their median.
        kwargs: further arguments of ``torch.utils.tensorboard.SummaryWriter``.
    """

    def __init__(self, log_dir: str, window_size: int = 20, **kwargs):
        self._new_scalars = _NewScalars(window_size)
        self._arguments = {"log_dir": log_dir, **kwargs}

    @cached_property
    def _summary(self):  # made when it is first needed: it is slow to import, and makes a file
        from torch.utils.tensorboard import SummaryWriter

        return SummaryWriter(**self._arguments)

    def write(self) -> None:
        for iteration, scalars in self._new_scalars():
            for name, value in scalars.items():
                self._summary.add_scalar(name, value, iteration)

    def close(self) -> None:
        if "_summary" in self.__dict__:
            self._summary.close()


class CommonMetricPrinter(EventWriter):
    """Logs ETA, losses, times, learning rate and GPU memory.

    Args:
        max_iter: number of iterations of the training, for the ETA; None prints no ETA.
        window_size: iterations over which losses take their median.
    """

    def __init__(self, max_iter: int | None = None, window_size: int = 20):
        self.logger = logging.getLogger("detectron2.utils.events")
        self._max_iter = max_iter
        self._window_size = window_size

    def _eta(self, storage: EventStorage) -> str:
        """ETA as text, where iteration times are measured."""
        if self._max_iter is None or "time" not in storage.histories():
            return ""
        seconds = storage.history("time").median(1000) * (self._max_iter - storage.iter - 1)
        storage.put_scalar("eta_seconds", seconds, smoothing_hint=False)
        return f"eta: {datetime.timedelta(seconds=int(seconds))}  "

    def _medians(self, storage: EventStorage, marker: str) -> str:
        return "  ".join(
            f"{name}: {history.median(storage.count_samples(name, self._window_size)):.4g}"
            for name, history in storage.histories().items()
            if marker in name
        )

    def _times(self, storage: EventStorage) -> str:
        text, known = "", storage.histories()
        if "time" in known:
            history = known["time"]
            text += f"time: {history.global_avg():.4f}  last_time: {history.latest():.4f}  "
        if "data_time" in known:
            history = known["data_time"]
            mean = history.avg(storage.count_samples("data_time", self._window_size))
            text += f"data_time: {mean:.4f}  last_data_time: {history.latest():.4f}  "
        return text

    def write(self) -> None:
        storage = get_event_storage()
        if storage.iter == self._max_iter:
            return  # after the last iteration there is no progress to report
        lr = f"{storage.history('lr').latest():.5g}" if "lr" in storage.histories() else "N/A"
        memory = ""
        if torch.cuda.is_available():
            memory = f"max_mem: {torch.cuda.max_memory_allocated() / 2**20:.0f}M"
        self.logger.info(
            f" {self._eta(storage)}iter: {storage.iter}  {self._medians(storage, 'loss')}  "
            f"{self._medians(storage, '[metric]')}  {self._times(storage)} lr: {lr}  {memory}"
        )
