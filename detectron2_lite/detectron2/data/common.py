"""Data sets made from lists, functions and samplers."""

import copy
import logging
import pickle
import random
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import torch
from torch.utils import data
from torch.utils.data import Sampler

from detectron2.utils.serialize import PicklableWrapper

__all__ = ["AspectRatioGroupedDataset", "DatasetFromList", "MapDataset", "ToIterableDataset"]

_MAX_RETRIES_UNNOTICED = 3


class _PickledList:
    """A list in two tensors, which processes share instead of copying it object by object."""

    def __init__(self, items: list):
        pickled = [pickle.dumps(item, protocol=pickle.HIGHEST_PROTOCOL) for item in items]
        ends = np.cumsum([len(entry) for entry in pickled], dtype=np.int64)
        self._bytes = torch.frombuffer(bytearray(b"".join(pickled) or b"\0"), dtype=torch.uint8)
        self._ends = torch.from_numpy(ends)
        logging.getLogger(__name__).info(
            f"Serialized dataset of {len(items)} elements takes {len(self._bytes) / 2**20:.2f} MiB"
        )

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, index: int) -> Any:
        index = range(len(self))[index]
        begin = int(self._ends[index - 1]) if index > 0 else 0
        return pickle.loads(memoryview(self._bytes[begin : int(self._ends[index])].numpy()))


class DatasetFromList(data.Dataset):
    """A list as a data set.

    Args:
        lst: the elements.
        copy: whether elements are given out as copies. Serialized elements always are.
        serialize: whether to keep the elements serialized in shared memory, so that data-loader
            workers do not each copy the list; or a function that makes a list-like of the list.
    """

    def __init__(self, lst: list, copy: bool = True, serialize: bool | Callable = True):
        if not (isinstance(serialize, bool) or callable(serialize)):
            raise TypeError(f"serialize must be a bool or a function, not {serialize}")
        self._copy = copy and serialize is False
        if serialize is False:
            self._items = lst
        else:
            self._items = serialize(lst) if callable(serialize) else _PickledList(lst)

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: int) -> Any:
        item = self._items[index]
        return copy.deepcopy(item) if self._copy else item


class MapDataset(data.Dataset):
    """Apply a function to every element; an element for which it returns None is skipped.

    In the place of a skipped element of a map-style data set, another one is drawn at random. An
    iterable data set gives an iterable one.

    Args:
        dataset: map-style or iterable.
        map_func: element -> mapped element or None.
    """

    def __new__(cls, dataset, map_func):
        if isinstance(dataset, data.IterableDataset):
            return _MapIterableDataset(dataset, map_func)
        return super().__new__(cls)

    def __getnewargs__(self):
        return self._dataset, self._map_func

    def __init__(self, dataset, map_func: Callable):
        self._dataset = dataset
        self._map_func = PicklableWrapper(map_func)
        self._random = random.Random(42)
        self._usable = set(range(len(dataset)))

    def __len__(self) -> int:
        return len(self._dataset)

    def __getitem__(self, index: int) -> Any:
        current = int(index)
        failures = 0
        while (mapped := self._map_func(self._dataset[current])) is None:
            failures += 1
            self._usable.discard(current)
            if failures >= _MAX_RETRIES_UNNOTICED:
                logging.getLogger(__name__).warning(
                    f"The mapper returned None {failures} times in a row, first for {index}."
                )
            current = self._random.choice(sorted(self._usable))
        return mapped


class _MapIterableDataset(data.IterableDataset):
    def __init__(self, dataset: Iterable, map_func: Callable):
        self._dataset = dataset
        self._map_func = PicklableWrapper(map_func)

    def __len__(self) -> int:
        return len(self._dataset)

    def __iter__(self) -> Iterator:
        mapped = map(self._map_func, self._dataset)
        return (element for element in mapped if element is not None)


class ToIterableDataset(data.IterableDataset):
    """A map-style data set and a sampler as an iterable data set, shared among workers.

    Every data-loader worker runs the sampler and keeps its own part: chunks of
    ``shard_chunk_size`` consecutive indices go to the workers in turn. With the batch size as the
    chunk, the batches are the same for any number of workers.

    Args:
        dataset: map-style data set.
        sampler: cheap to run.
        shard_sampler: False when the sampler already splits itself among workers.
        shard_chunk_size: consecutive indices per worker.
    """

    def __init__(
        self,
        dataset: data.Dataset,
        sampler: Sampler,
        shard_sampler: bool = True,
        shard_chunk_size: int = 1,
    ):
        assert not isinstance(dataset, data.IterableDataset), dataset
        assert isinstance(sampler, Sampler), sampler
        self.dataset = dataset
        self.sampler = sampler
        self.shard_sampler = shard_sampler
        self.shard_chunk_size = shard_chunk_size

    def __len__(self) -> int:
        return len(self.sampler)

    def __iter__(self) -> Iterator:
        for index in self._own_indices():
            yield self.dataset[index]

    def _own_indices(self) -> Iterator[int]:
        worker = data.get_worker_info()
        if worker is None or not self.shard_sampler:
            return iter(self.sampler)
        return (
            index
            for position, index in enumerate(self.sampler)
            if position // self.shard_chunk_size % worker.num_workers == worker.id
        )


class AspectRatioGroupedDataset(data.IterableDataset):
    """Batches of either wide or upright images.

    Args:
        dataset: iterable of dicts with "width" and "height".
        batch_size: elements per batch; a batch is given out when it is full.
    """

    def __init__(self, dataset: Iterable[dict], batch_size: int):
        self.dataset = dataset
        self.batch_size = batch_size
        self._waiting: dict[bool, list[dict]] = {True: [], False: []}

    def __iter__(self) -> Iterator[list[dict]]:
        for element in self.dataset:
            is_wide = element["width"] > element["height"]
            self._waiting[is_wide].append(element)
            if len(self._waiting[is_wide]) == self.batch_size:
                batch, self._waiting[is_wide] = self._waiting[is_wide], []
                yield batch
