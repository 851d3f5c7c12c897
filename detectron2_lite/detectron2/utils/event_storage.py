"""Scalars of a training."""

import itertools
from collections import defaultdict

from fvcore.common.history_buffer import HistoryBuffer

_open_storages: list["EventStorage"] = []


def has_event_storage() -> bool:
    """Whether an :class:`EventStorage` is open."""
    return bool(_open_storages)


def get_event_storage() -> "EventStorage":
    """Return the innermost open :class:`EventStorage`; AssertionError where there is none."""
    assert _open_storages, "get_event_storage() needs an open `with EventStorage(...)` block."
    return _open_storages[-1]


class EventStorage:
    """Collects what is logged; open it with ``with``, then :func:`get_event_storage` finds it.

    Attributes:
        iter: the current iteration.

    Args:
        start_iter: number of the first iteration.
    """

    def __init__(self, start_iter: int = 0):
        self.iter = start_iter
        self._histories: dict[str, HistoryBuffer] = defaultdict(HistoryBuffer)
        self._smoothing: dict[str, bool] = {}
        self._latest: dict[str, tuple[float, int]] = {}

    def put_scalar(
        self, name: str, value, smoothing_hint: bool = True, cur_iter: int | None = None
    ) -> None:
        """Add one value of the scalar ``name``.

        Args:
            name: name, by convention with slashes between its parts.
            value: anything that ``float()`` takes.
            smoothing_hint: whether writers should take a median over recent iterations. It must
                be the same every time.
            cur_iter: iteration that the value belongs to; by default the current one.
        """
        value = float(value)
        iteration = self.iter if cur_iter is None else cur_iter
        known_hint = self._smoothing.setdefault(name, smoothing_hint)
        assert known_hint == smoothing_hint, f"Scalar {name} was put with another smoothing_hint."
        self._histories[name].update(value, iteration)
        self._latest[name] = (value, iteration)

    def put_scalars(self, *, smoothing_hint: bool = True, cur_iter: int | None = None, **kwargs):
        """Add several scalars, given as keyword arguments."""
        for name, value in kwargs.items():
            self.put_scalar(name, value, smoothing_hint=smoothing_hint, cur_iter=cur_iter)

    def history(self, name: str) -> HistoryBuffer:
        """Return the values of one scalar; KeyError when there are none."""
        if name not in self._histories:
            raise KeyError(f"No scalar {name} was put.")
        return self._histories[name]

    def histories(self) -> dict[str, HistoryBuffer]:
        """Return the values of every scalar, by name."""
        return self._histories

    def latest(self) -> dict[str, tuple[float, int]]:
        """Return (last value, its iteration) of every scalar, by name."""
        return self._latest

    def latest_with_smoothing_hint(self, window_size: int = 20) -> dict[str, tuple[float, int]]:
        """Like :meth:`latest`, with medians of ``window_size`` iterations where smoothing is on."""
        smoothed = {}
        for name, (value, iteration) in self._latest.items():
            if self._smoothing[name]:
                value = self._histories[name].median(self.count_samples(name, window_size))
            smoothed[name] = (value, iteration)
        return smoothed

    def count_samples(self, name: str, window_size: int = 20) -> int:
        """Number of values put for a scalar in its last ``window_size`` iterations."""
        values = self._histories[name].values()
        oldest = values[-1][1] - window_size
        return sum(1 for _ in itertools.takewhile(lambda entry: entry[1] > oldest, values[::-1]))

    def step(self) -> None:
        """Go to the next iteration. (A trainer sets :attr:`iter` instead.)"""
        self.iter += 1

    def __enter__(self) -> "EventStorage":
        _open_storages.append(self)
        return self

    def __exit__(self, *exception) -> None:
        assert _open_storages.pop() is self, "EventStorages must be closed in reverse order."
