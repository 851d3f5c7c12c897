"""The evaluation loop and the interface of evaluators."""

import datetime
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import torch
from torch import nn

from detectron2.utils.comm import get_world_size, is_main_process

_WARMUP_BATCHES = 5
_SECONDS_BETWEEN_LOGS = 5
_MOMENTS = ("on_start", "before_inference", "after_inference", "on_end")


class DatasetEvaluator:
    """Takes in pairs of inputs and outputs, and computes results from all of them."""

    def reset(self) -> None:
        """Forget everything; called before each evaluation."""

    def process(self, inputs: list, outputs: list) -> None:
        """Take in a batch: the model's inputs, and what it returned for them."""

    def evaluate(self) -> dict | None:
        """Return task -> {metric: value}; processes other than 0 may return None."""


class DatasetEvaluators(DatasetEvaluator):
    """Several evaluators as one; their results must have different keys.

    Args:
        evaluators: the evaluators.
    """

    def __init__(self, evaluators: list[DatasetEvaluator]):
        self._evaluators = evaluators

    def reset(self) -> None:
        for evaluator in self._evaluators:
            evaluator.reset()

    def process(self, inputs: list, outputs: list) -> None:
        for evaluator in self._evaluators:
            evaluator.process(inputs, outputs)

    def evaluate(self) -> dict:
        merged = {}
        for evaluator in self._evaluators:
            results = evaluator.evaluate()
            if is_main_process() and results is not None:
                twice = merged.keys() & results.keys()
                assert not twice, f"Several evaluators produce results with the same keys {twice}."
                merged.update(results)
        return merged


class _Stopwatch:
    """Seconds spent on each part of the loop; the first batches do not count."""

    def __init__(self, num_batches: int):
        self._num_batches = num_batches
        self._num_warmup = max(min(_WARMUP_BATCHES, num_batches - 1), 0)
        self._logger = logging.getLogger(__name__)
        self._last_log = time.perf_counter()
        self._restart()

    def _restart(self) -> None:
        self._seconds = {"Dataloading": 0.0, "Inference": 0.0, "Eval": 0.0}
        self._begin = self._last = time.perf_counter()

    def add(self, part: str) -> None:
        """Count the time since the last call for ``part``."""
        now = time.perf_counter()
        self._seconds[part] += now - self._last
        self._last = now

    def end_batch(self, index: int) -> None:
        """Log progress, now and then."""
        done = index + 1
        if done == self._num_warmup:
            self._restart()
        if done <= self._num_warmup or self._last - self._last_log < _SECONDS_BETWEEN_LOGS:
            return
        self._last_log = self._last
        counted = done - self._num_warmup
        parts = "".join(f"{part}: {s / counted:.4f} s/iter. " for part, s in self._seconds.items())
        total = (self._last - self._begin) / counted
        eta = datetime.timedelta(seconds=int(total * (self._num_batches - done)))
        self._logger.info(
            f"Inference done {done}/{self._num_batches}. {parts}Total: {total:.4f} s/iter. "
            f"ETA={eta}"
        )

    def log_totals(self) -> None:
        """Log the speed of this process."""
        counted = max(self._num_batches - self._num_warmup, 1)
        total, compute = self._last - self._begin, self._seconds["Inference"]
        for name, seconds in (("time", total), ("pure compute time", compute)):
            self._logger.info(
                f"Total inference {name}: {datetime.timedelta(seconds=int(seconds))} "
                f"({seconds / counted:.6f} s / iter per device, on {get_world_size()} devices)"
            )


def inference_on_dataset(
    model: Callable,
    data_loader,
    evaluator: DatasetEvaluator | list[DatasetEvaluator] | None,
    callbacks: dict[str, Callable[[], None]] | None = None,
) -> dict:
    """Run a model over a data set, in evaluation mode and without gradients.

    Args:
        model: batch -> outputs; an ``nn.Module`` gets its mode back afterwards.
        data_loader: iterable with a length.
        evaluator: one, several or none.
        callbacks: functions to call at "on_start", "before_inference", "after_inference", "on_end".

    Returns:
        What the evaluator returns; {} where that is None.
    """
    total = len(data_loader)
    logging.getLogger(__name__).info(f"Start inference on {total} batches")
    if evaluator is None or isinstance(evaluator, list):
        evaluator = DatasetEvaluators(evaluator or [])
    evaluator.reset()
    calls = {**dict.fromkeys(_MOMENTS, lambda: None), **(callbacks or {})}
    with ExitStack() as stack:
        if isinstance(model, nn.Module):
            stack.enter_context(inference_context(model))
        stack.enter_context(torch.no_grad())
        calls["on_start"]()
        watch = _Stopwatch(total)
        for index, inputs in enumerate(data_loader):
            watch.add("Dataloading")
            calls["before_inference"]()
            outputs = model(inputs)
            calls["after_inference"]()
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            watch.add("Inference")
            evaluator.process(inputs, outputs)
            watch.add("Eval")
            watch.end_batch(index)
        calls["on_end"]()
    watch.log_totals()
    results = evaluator.evaluate()
    return {} if results is None else results


@contextmanager
def inference_context(model: nn.Module) -> Iterator[None]:
    """Put a model in evaluation mode inside the block, and in its former mode after it."""
    was_training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(was_training)
