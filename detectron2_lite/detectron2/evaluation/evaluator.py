"""The evaluation loop and the interface of evaluators."""

import datetime
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import torch
from torch import nn

from detectron2.utils.comm import get_world_size, is_main_process
from detectron2.utils.logger import log_every_n_seconds

_WARMUP_BATCHES = 5
_SECONDS_BETWEEN_LOGS = 5


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
            if not is_main_process() or results is None:
                continue
            twice = merged.keys() & results.keys()
            assert not twice, f"Different evaluators produce results with the same keys {twice}"
            merged.update(results)
        return merged


class _Stopwatch:
    """Seconds spent on each part of the loop, first batches excluded."""

    def __init__(self, total: int):
        self._total = total
        self._num_warmup = max(min(_WARMUP_BATCHES, total - 1), 0)
        self._restart()

    def _restart(self) -> None:
        self._seconds = {"Dataloading": 0.0, "Inference": 0.0, "Eval": 0.0}
        self._begin = self._last = time.perf_counter()
        self._num_batches = 0

    def begin_batch(self, index: int) -> None:
        """Call when the data of a batch are there."""
        if index == self._num_warmup:
            self._restart()
        self.add("Dataloading")

    def add(self, part: str) -> None:
        """Count the time since the last call for ``part``."""
        now = time.perf_counter()
        self._seconds[part] += now - self._last
        self._last = now

    def end_batch(self, index: int) -> None:
        """Call at the end of a batch; logs progress now and then."""
        self._num_batches += 1
        speeds = {part: spent / self._num_batches for part, spent in self._seconds.items()}
        if index < 2 * self._num_warmup and speeds["Inference"] < _SECONDS_BETWEEN_LOGS:
            return
        total = (time.perf_counter() - self._begin) / self._num_batches
        parts = " ".join(f"{part}: {speed:.4f} s/iter." for part, speed in speeds.items())
        eta = datetime.timedelta(seconds=int(total * (self._total - index - 1)))
        log_every_n_seconds(
            logging.INFO,
            f"Inference done {index + 1}/{self._total}. {parts} Total: {total:.4f} s/iter. "
            f"ETA={eta}",
            n=_SECONDS_BETWEEN_LOGS,
        )

    def log_totals(self) -> None:
        """Log the speed of this process."""
        times = {
            "time": time.perf_counter() - self._begin,
            "pure compute time": self._seconds["Inference"],
        }
        for name, seconds in times.items():
            per_batch = seconds / max(self._num_batches, 1)
            logging.getLogger(__name__).info(
                f"Total inference {name}: {datetime.timedelta(seconds=int(seconds))} "
                f"({per_batch:.6f} s / iter per device, on {get_world_size()} devices)"
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

    def call(name: str) -> None:
        if callbacks and name in callbacks:
            callbacks[name]()

    with ExitStack() as stack:
        if isinstance(model, nn.Module):
            stack.enter_context(inference_context(model))
        stack.enter_context(torch.no_grad())
        call("on_start")
        watch = _Stopwatch(total)
        for index, inputs in enumerate(data_loader):
            watch.begin_batch(index)
            call("before_inference")
            outputs = model(inputs)
            call("after_inference")
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            watch.add("Inference")
            evaluator.process(inputs, outputs)
            watch.add("Eval")
            watch.end_batch(index)
        call("on_end")
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
