"""Hooks that measure time and let writers write, and one that calls functions."""

import datetime
import logging
import time
from collections.abc import Callable

from fvcore.common.timer import Timer

from detectron2.utils.events import EventWriter

from ..train_loop import HookBase
from .moments import is_last, is_period


class CallbackHook(HookBase):
    """Calls given functions, each with the trainer as its argument."""

    def __init__(
        self,
        *,
        before_train: Callable | None = None,
        after_train: Callable | None = None,
        before_step: Callable | None = None,
        after_step: Callable | None = None,
    ):
        self._functions = {
            "before_train": before_train,
            "after_train": after_train,
            "before_step": before_step,
            "after_step": after_step,
        }

    def _call(self, name: str) -> None:
        if self._functions.get(name) is not None:
            self._functions[name](self.trainer)

    def before_train(self) -> None:
        self._call("before_train")

    def after_train(self) -> None:
        self._call("after_train")
        self._functions.clear()  # they may hold the trainer

    def before_step(self) -> None:
        self._call("before_step")

    def after_step(self) -> None:
        self._call("after_step")


class IterationTimer(HookBase):
    """Logs the seconds of each iteration as "time", and totals at the end.

    It should be the first hook, so that it does not time the other ones.

    Args:
        warmup_iter: iterations at the beginning that do not count.
    """

    def __init__(self, warmup_iter: int = 3):
        self._warmup_iter = warmup_iter
        self._step_timer = Timer()
        self._steps_timer = Timer()
        self._start_time = time.perf_counter()

    def before_train(self) -> None:
        self._restart()

    def _restart(self) -> None:
        self._start_time = time.perf_counter()
        self._steps_timer.reset()
        self._steps_timer.pause()

    def before_step(self) -> None:
        self._step_timer.reset()
        self._steps_timer.resume()

    def after_step(self) -> None:
        num_done = self.trainer.storage.iter - self.trainer.start_iter + 1
        if num_done < self._warmup_iter:
            self._restart()
            return
        self._steps_timer.pause()
        self.trainer.storage.put_scalars(time=self._step_timer.seconds())

    def after_train(self) -> None:
        logger = logging.getLogger(__name__)
        total = time.perf_counter() - self._start_time
        in_steps = self._steps_timer.seconds()
        num_iters = self.trainer.storage.iter + 1 - self.trainer.start_iter - self._warmup_iter
        if num_iters > 0 and in_steps > 0:
            logger.info(
                f"Overall training speed: {num_iters} iterations in {_hms(in_steps)} "
                f"({in_steps / num_iters:.4f} s / it)"
            )
        logger.info(f"Total training time: {_hms(total)} ({_hms(total - in_steps)} on hooks)")


def _hms(seconds: float) -> datetime.timedelta:
    return datetime.timedelta(seconds=int(seconds))


class PeriodicWriter(HookBase):
    """Lets writers write every ``period`` iterations and at the end.

    Args:
        writers: the writers.
        period: iterations between writes.
    """

    def __init__(self, writers: list[EventWriter], period: int = 20):
        assert all(isinstance(writer, EventWriter) for writer in writers), writers
        self._writers = writers
        self._period = period

    def after_step(self) -> None:
        if is_period(self, self._period) or is_last(self):
            for writer in self._writers:
                writer.write()

    def after_train(self) -> None:
        for writer in self._writers:
            writer.write()  # what other hooks put after the training
            writer.close()
