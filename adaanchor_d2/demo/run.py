"""The loop of the demo: every frame through the networks, to the files and the pictures."""

import logging
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import torch
from detectron2.structures import Instances
from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

from .images import Frame
from .pictures import WindowClosed


class Stopwatch:
    """Adds up the time that functions take, the GPU's work included."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def timed(self, function: Callable) -> Callable:
        """Return the function, timed."""

        def run_timed(*args, **kwargs):
            start = time.perf_counter()
            result = function(*args, **kwargs)
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            self.seconds += time.perf_counter() - start
            return result

        return run_timed


@dataclass
class Summary:
    """What a run did; ``network_seconds`` are those of the model's and the detector's network."""

    num_frames: int = 0
    num_people: int = 0
    seconds: float = 0.0
    network_seconds: float = 0.0

    def __str__(self) -> str:
        rest = max(self.seconds - self.network_seconds, 1e-9)
        return (
            f"{_counted(self.num_frames, 'image', 'images')}, "
            f"{_counted(self.num_people, 'person', 'people')} in {self.seconds:.1f} s: "
            f"{self.num_frames / max(self.seconds, 1e-9):.1f} images/s in all, "
            f"{self.num_frames / rest:.1f} images/s without the network"
        )


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def run(
    frames: Iterable[Frame],
    num_frames: int | None,
    predict: Callable[[Frame], Instances],
    outputs: Sequence,
    network: Stopwatch,
) -> Summary:
    """Predict people in each frame and give them to each output, in order.

    Args:
        num_frames: for the progress bar; None where it is not known.
        outputs: each with ``write(frame, people)`` and ``close()``, which is called in any case.
        network: the stopwatch of the networks in ``predict``.
    """
    summary = Summary()
    start = time.perf_counter()
    try:
        for frame in _with_progress(frames, num_frames):
            people = predict(frame)
            summary.num_frames += 1
            summary.num_people += len(people)
            for output in outputs:
                output.write(frame, people)
    except WindowClosed:
        pass
    finally:
        for output in outputs:
            output.close()
    summary.seconds = time.perf_counter() - start
    summary.network_seconds = network.seconds
    return summary


def _with_progress(frames: Iterable[Frame], num_frames: int | None) -> Iterable[Frame]:
    with logging_redirect_tqdm([logging.getLogger("adaanchor_d2")]):
        yield from tqdm(frames, total=num_frames, unit="image", file=sys.stderr)
