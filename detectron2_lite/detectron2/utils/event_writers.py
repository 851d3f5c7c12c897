"""Where the events of a training are written: console, JSON lines, TensorBoard."""

import datetime
import json
import logging
import os
import time
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


class JSONWriter(EventWriter):
    """Appends scalars to a file, one JSON object a line, each with its "iteration".

    Args:
        json_file: path.
        window_size: iterations over which smoothed scalars take their median.
    """

    def __init__(self, json_file: str, window_size: int = 20):
        self._file = PathManager.open(json_file, "a")
        self._window_size = window_size
        self._last_written = -1

    def write(self) -> None:
        by_iteration: dict[int, dict] = defaultdict(dict)
        latest = get_event_storage().latest_with_smoothing_hint(self._window_size)
        for name, (value, iteration) in latest.items():
            if iteration > self._last_written:
                by_iteration[iteration][name] = value
        for iteration, scalars in sorted(by_iteration.items()):
            line = json.dumps({**scalars, "iteration": iteration}, sort_keys=True)
            self._file.write(line + "\n")
            self._last_written = iteration
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        self._file.close()


class TensorboardXWriter(EventWriter):
    """Writes everything to TensorBoard.

    Args:
        log_dir: folder of the event files.
        window_size: iterations over which smoothed scalars take their median.
        kwargs: further arguments of ``torch.utils.tensorboard.SummaryWriter``.
    """

    def __init__(self, log_dir: str, window_size: int = 20, **kwargs):
        self._window_size = window_size
        self._arguments = {"log_dir": log_dir, **kwargs}
        self._last_written = -1

    @cached_property
    def _summary(self):
        from torch.utils.tensorboard import SummaryWriter

        return SummaryWriter(**self._arguments)

    def write(self) -> None:
        storage = get_event_storage()
        newest = self._last_written
        latest = storage.latest_with_smoothing_hint(self._window_size)
        for name, (value, iteration) in latest.items():
            if iteration > self._last_written:
                self._summary.add_scalar(name, value, iteration)
                newest = max(newest, iteration)
        self._last_written = newest
        for name, image, iteration in storage._vis_data:
            self._summary.add_image(name, image, iteration)
        storage.clear_images()
        for histogram in storage._histograms:
            self._summary.add_histogram_raw(**histogram)
        storage.clear_histograms()

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
        self._last_write: tuple[int, float] | None = None

    def _eta(self, storage: EventStorage) -> str:
        """ETA as text; from the measured iteration times, else from the time between writes."""
        if self._max_iter is None:
            return ""
        left = self._max_iter - storage.iter - 1
        now, previous = time.perf_counter(), self._last_write
        self._last_write = (storage.iter, now)
        if "time" in storage.histories():
            seconds = storage.history("time").median(1000) * left
            storage.put_scalar("eta_seconds", seconds, smoothing_hint=False)
        elif previous is not None and storage.iter > previous[0]:
            seconds = (now - previous[1]) / (storage.iter - previous[0]) * left
        else:
            return ""
        return f"eta: {datetime.timedelta(seconds=int(seconds))}  "

    def _medians(self, storage: EventStorage, marker: str) -> str:
        names = [name for name in storage.histories() if marker in name]
        return "  ".join(
            f"{name}: {storage.smoothed(name, self._window_size):.4g}" for name in names
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
