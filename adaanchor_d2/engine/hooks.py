"""Hooks of the trainer: iteration teller, moving average, evaluation, best checkpoint."""

import logging
import math
import os
import uuid
from collections.abc import Callable

from detectron2.engine import HookBase
from detectron2.evaluation.testing import flatten_results_dict
from detectron2.utils import comm
from torch import nn

from .checkpointer import SafeCheckpointer
from .ema import ModelEma
from .weight_files import read_tensors

logger = logging.getLogger(__name__)

BEST_NAME = "model_best"


class IterationTeller(HookBase):
    """Before each step, tell the optimizer iteration to modules with ``set_iteration(int)``."""

    def before_train(self) -> None:
        self._listeners = [
            module for module in self.trainer.model.modules() if hasattr(module, "set_iteration")
        ]

    def before_step(self) -> None:
        for module in self._listeners:
            module.set_iteration(self.trainer.iter)


class EmaHook(HookBase):
    """Update the moving average of the weights after each step."""

    def __init__(self, ema: ModelEma, model: nn.Module) -> None:
        self._ema = ema
        self._model = model

    def after_step(self) -> None:
        self._ema.update_parameters(self._model)


def is_evaluation_due(iteration: int, max_iter: int, period: int) -> bool:
    """Whether to evaluate after this iteration: every ``period`` (0: never) and after the last."""
    done = iteration + 1
    return done == max_iter or (period > 0 and done % period == 0)


class EvaluationHook(HookBase):
    """Evaluate regularly and after the last step, and put the results into the event storage.

    The last evaluation belongs to the last iteration (Detectron2's EvalHook does it after training,
    also after a training that failed in its last iteration).

    Args:
        period: iterations between evaluations; 0 evaluates at the end only.
        evaluate: returns a nested dict of floats on the main process; called on all processes.
    """

    def __init__(self, period: int, evaluate: Callable[[], dict]) -> None:
        self._period = period
        self._evaluate = evaluate

    def after_step(self) -> None:
        if not is_evaluation_due(self.trainer.iter, self.trainer.max_iter, self._period):
            return
        results = self._evaluate()
        if results:
            scalars = {key: float(value) for key, value in flatten_results_dict(results).items()}
            self.trainer.storage.put_scalars(**scalars, smoothing_hint=False)
        comm.synchronize()


class BestCheckpoint(HookBase):
    """Keep the checkpoint with the best value of a metric as ``model_best.pth``.

    The value is stored in that file, together with the identity of the run; a resumed run reads it
    back from there, and a new run in the same folder ignores the file of an older one. To run after
    :class:`EvaluationHook`, on all processes.

    Args:
        checkpointer: writes the file; ``last_checkpoint`` never names it.
        metric: name in the event storage, "task/metric".
        mode: "max" or "min".
        period: of the evaluation.
    """

    def __init__(self, checkpointer: SafeCheckpointer, metric: str, mode: str, period: int) -> None:
        self._checkpointer = checkpointer
        self._metric = metric
        self._sign = {"max": 1, "min": -1}[mode]
        self._period = period
        self._run = uuid.uuid4().hex
        self.best_value: float | None = None

    def state_dict(self) -> dict:
        return {"run": self._run}

    def load_state_dict(self, state_dict: dict) -> None:
        self._run = state_dict["run"]

    def before_train(self) -> None:
        path = os.path.join(self._checkpointer.save_dir, f"{BEST_NAME}.pth")
        if self.trainer.start_iter == 0 or not os.path.isfile(path):
            return
        best = read_tensors(path, memory_map=True).get("best", {})
        if best.get("run") == self._run and best.get("metric") == self._metric:
            self.best_value = best["value"]
            logger.info(
                "Best %s so far: %.4f in iteration %d, kept in %s.",
                self._metric,
                best["value"],
                best["iteration"],
                path,
            )

    def after_step(self) -> None:
        iteration = self.trainer.iter
        due = is_evaluation_due(iteration, self.trainer.max_iter, self._period)
        if not due or not comm.is_main_process():
            return
        latest = self.trainer.storage.latest()
        value, measured_at = latest.get(self._metric, (None, None))
        if measured_at != iteration:
            known = sorted(key for key, (_, at) in latest.items() if at == iteration and "/" in key)
            logger.warning(
                "SOLVER.BEST_METRIC %s was not evaluated, so no best checkpoint is kept; "
                "the evaluation gave: %s.",
                self._metric,
                ", ".join(known) or "nothing",
            )
        elif self._is_better(value):
            self._keep(value, iteration)

    def _is_better(self, value: float) -> bool:
        if not math.isfinite(value):
            return False
        return self.best_value is None or self._sign * (value - self.best_value) > 0

    def _keep(self, value: float, iteration: int) -> None:
        self.best_value = value
        best = {"run": self._run, "metric": self._metric, "value": value, "iteration": iteration}
        logger.info("Best %s so far: %.4f in iteration %d.", self._metric, value, iteration)
        self._checkpointer.save_untagged(BEST_NAME, iteration=iteration, best=best)
