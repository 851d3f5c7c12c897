"""The hooks of DefaultTrainer: time, learning rate, checkpoints, evaluation, writers."""

import datetime
import logging
import time
from collections import Counter
from collections.abc import Callable

import torch
from fvcore.common.checkpoint import PeriodicCheckpointer as _PeriodicCheckpointer
from fvcore.common.timer import Timer

from detectron2.evaluation.testing import flatten_results_dict
from detectron2.utils import comm
from detectron2.utils.events import EventWriter

from .train_loop import HookBase


class IterationTimer(HookBase):
    """Logs the seconds of each iteration as "time", and totals at the end.

    It should be the first hook, so that it does not time the other ones.

    Args:
        warmup_iter: iterations at the beginning that do not count.
    """

    def __init__(self, warmup_iter: int = 3):
        self._warmup_iter = warmup_iter
        self._step_timer = Timer()
        self._restart()

    def _restart(self) -> None:
        self._start_time = time.perf_counter()
        self._seconds_in_steps = 0.0

    def before_train(self) -> None:
        self._restart()

    def before_step(self) -> None:
        self._step_timer.reset()

    def after_step(self) -> None:
        if self.trainer.iter - self.trainer.start_iter + 1 < self._warmup_iter:
            self._restart()
            return
        seconds = self._step_timer.seconds()
        self._seconds_in_steps += seconds
        self.trainer.storage.put_scalars(time=seconds)

    def after_train(self) -> None:
        logger = logging.getLogger(__name__)
        total, in_steps = time.perf_counter() - self._start_time, self._seconds_in_steps
        num_iters = self.trainer.iter + 1 - self.trainer.start_iter - self._warmup_iter
        if num_iters > 0 and in_steps > 0:
            logger.info(
                f"Overall training speed: {num_iters} iterations in {_hms(in_steps)} "
                f"({in_steps / num_iters:.4f} s / it)"
            )
        logger.info(f"Total training time: {_hms(total)} ({_hms(total - in_steps)} on hooks)")


def _hms(seconds: float) -> datetime.timedelta:
    return datetime.timedelta(seconds=int(seconds))


class LRScheduler(HookBase):
    """Logs the learning rate as "lr" and sets the next one, after each iteration.

    Args:
        optimizer: by default the trainer's.
        scheduler: a torch scheduler; by default the trainer's.
    """

    def __init__(self, optimizer: torch.optim.Optimizer | None = None, scheduler=None):
        self._optimizer = optimizer
        self._scheduler = scheduler

    @property
    def scheduler(self):
        """The scheduler."""
        return self._scheduler or self.trainer.scheduler

    def before_train(self) -> None:
        self._optimizer = self._optimizer or self.trainer.optimizer
        self._logged_group = self.get_best_param_group_id(self._optimizer)

    @staticmethod
    def get_best_param_group_id(optimizer: torch.optim.Optimizer) -> int:
        """Return the parameter group whose rate is logged.

        It is the one with most parameters; where each has one, the first with the most common
        learning rate.
        """
        groups = optimizer.param_groups
        sizes = [len(group["params"]) for group in groups]
        if max(sizes) > 1:
            return sizes.index(max(sizes))
        rates = [group["lr"] for group in groups]
        return rates.index(Counter(rates).most_common(1)[0][0])

    def after_step(self) -> None:
        lr = self._optimizer.param_groups[self._logged_group]["lr"]
        self.trainer.storage.put_scalar("lr", lr, smoothing_hint=False)
        self.scheduler.step()

    def state_dict(self) -> dict:
        return self.scheduler.state_dict()

    def load_state_dict(self, state_dict: dict) -> None:
        self.scheduler.load_state_dict(state_dict)


class PeriodicCheckpointer(_PeriodicCheckpointer, HookBase):
    """fvcore's PeriodicCheckpointer as a hook: every ``period`` iterations and at the end."""

    def before_train(self) -> None:
        self.max_iter = self.trainer.max_iter

    def after_step(self) -> None:
        self.step(self.trainer.iter)


def _is_due(trainer, period: int) -> bool:
    """Whether the iteration just done completes a period; 0 is never."""
    return period > 0 and (trainer.iter + 1) % period == 0


class EvalHook(HookBase):
    """Evaluates every ``eval_period`` iterations and after a complete training.

    All processes must have it.

    Args:
        eval_period: iterations between evaluations; 0 evaluates at the end only.
        eval_function: returns nested dicts of numbers (or nothing), which are logged under keys
            joined by slashes.
        eval_after_train: whether to evaluate at the end.
    """

    def __init__(self, eval_period: int, eval_function: Callable, eval_after_train: bool = True):
        self._period = eval_period
        self._func = eval_function
        self._eval_after_train = eval_after_train

    def after_step(self) -> None:
        is_last = self.trainer.iter + 1 == self.trainer.max_iter
        if _is_due(self.trainer, self._period) and not is_last:
            self._evaluate()

    def after_train(self) -> None:
        # A training that failed in an earlier iteration is not evaluated.
        if self._eval_after_train and self.trainer.iter + 1 >= self.trainer.max_iter:
            self._evaluate()
        del self._func  # it may hold the trainer

    def _evaluate(self) -> None:
        for name, value in flatten_results_dict(self._func() or {}).items():
            try:
                self.trainer.storage.put_scalar(name, value, smoothing_hint=False)
            except (TypeError, ValueError) as error:
                raise ValueError(
                    f"An evaluation gives numbers, but {name} is {value!r}."
                ) from error
        comm.synchronize()  # processes may have evaluated for different times


class PeriodicWriter(HookBase):
    """Lets writers write every ``period`` iterations and at the end.

    Args:
        writers: the writers.
        period: iterations between writes.
    """

    def __init__(self, writers: list[EventWriter], period: int = 20):
        self._writers = writers
        self._period = period

    def after_step(self) -> None:
        is_last = self.trainer.iter + 1 == self.trainer.max_iter
        if _is_due(self.trainer, self._period) or is_last:
            for writer in self._writers:
                writer.write()

    def after_train(self) -> None:
        for writer in self._writers:
            writer.write()  # what other hooks put after the training
            writer.close()
