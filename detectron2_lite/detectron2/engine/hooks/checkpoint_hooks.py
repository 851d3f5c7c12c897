"""Hooks that evaluate and save checkpoints."""

import logging
import math
from collections.abc import Callable

from fvcore.common.checkpoint import Checkpointer
from fvcore.common.checkpoint import PeriodicCheckpointer as _PeriodicCheckpointer

from detectron2.evaluation.testing import flatten_results_dict
from detectron2.utils import comm

from ..train_loop import HookBase
from .moments import is_complete, is_last, is_period


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
        if is_period(self, self._period) and not is_last(self):
            self._evaluate()

    def after_train(self) -> None:
        if self._eval_after_train and is_complete(self):
            self._evaluate()
        del self._func  # it may hold the trainer

    def _evaluate(self) -> None:
        results = self._func()
        if results:
            assert isinstance(results, dict), f"Eval function must return a dict, not {results}."
            flat = flatten_results_dict(results)
            for name, value in flat.items():
                try:
                    float(value)
                except (TypeError, ValueError) as error:
                    raise ValueError(
                        f"An evaluation gives numbers, but {name} is {value!r}."
                    ) from error
            self.trainer.storage.put_scalars(**flat, smoothing_hint=False)
        comm.synchronize()  # processes may have evaluated for different times


class PeriodicCheckpointer(_PeriodicCheckpointer, HookBase):
    """fvcore's PeriodicCheckpointer as a hook: every ``period`` iterations and at the end."""

    def before_train(self) -> None:
        self.max_iter = self.trainer.max_iter

    def after_step(self) -> None:
        self.step(self.trainer.iter)


class BestCheckpointer(HookBase):
    """Saves a checkpoint whenever a metric is better than before.

    It must stand after the hook that computes the metric.

    Args:
        eval_period: iterations between evaluations.
        checkpointer: what saves.
        val_metric: name in the event storage, for instance "bbox/AP50".
        mode: "max" or "min".
        file_prefix: name of the checkpoint.
    """

    def __init__(
        self,
        eval_period: int,
        checkpointer: Checkpointer,
        val_metric: str,
        mode: str = "max",
        file_prefix: str = "model_best",
    ):
        assert mode in ("max", "min"), f"mode is '{mode}', not 'max' or 'min'."
        self._period = eval_period
        self._checkpointer = checkpointer
        self._val_metric = val_metric
        self._sign = 1 if mode == "max" else -1
        self._file_prefix = file_prefix
        self.best_metric: float | None = None
        self.best_iter: int | None = None

    def after_step(self) -> None:
        if is_period(self, self._period) and not is_last(self):
            self._save_if_best()

    def after_train(self) -> None:
        if is_complete(self):
            self._save_if_best()

    def _save_if_best(self) -> None:
        logger = logging.getLogger(__name__)
        latest = self.trainer.storage.latest().get(self._val_metric)
        if latest is None:
            logger.warning(
                f"No checkpoint is saved for the best {self._val_metric}: it was not computed."
            )
            return
        value, iteration = latest
        is_first = self.best_metric is None
        if not math.isfinite(value) or not (
            is_first or self._sign * value > self._sign * self.best_metric
        ):
            logger.info(
                f"{self._val_metric} is {value:0.5f}, not better than the best, {self.best_metric}."
            )
            return
        self._checkpointer.save(self._file_prefix, iteration=iteration)
        logger.info(f"Saved the best model: {self._val_metric} is {value:0.5f} @ {iteration} steps")
        self.best_metric, self.best_iter = value, iteration
