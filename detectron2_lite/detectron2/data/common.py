"""Data sets made from records and a mapper."""

import pickle
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import torch
from torch.utils import data


class SerializedList:
    """A list in two tensors, which processes share instead of copying it object by object."""

    def __init__(self, items: list):
        pickled = [pickle.dumps(item, protocol=pickle.HIGHEST_PROTOCOL) for item in items]
        ends = np.cumsum([len(entry) for entry in pickled], dtype=np.int64)
        self._bytes = torch.frombuffer(bytearray(b"".join(pickled) or b"\0"), dtype=torch.uint8)
        self._ends = torch.from_numpy(ends)

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, index: int) -> Any:
        begin = int(self._ends[index - 1]) if index > 0 else 0
        return pickle.loads(memoryview(self._bytes[begin : int(self._ends[index])].numpy()))


class MapDataset(data.Dataset):
    """Every element of ``dataset``, as ``map_func`` returns it."""

    def __init__(self, dataset, map_func: Callable):
        self._dataset = dataset
        self._map_func = map_func

    def __len__(self) -> int:
        return len(self._dataset)

    def __getitem__(self, index: int) -> Any:
        return self._map_func(self._dataset[index])


class AspectRatioGroupedDataset(data.IterableDataset):
    """Batches of either wide or upright images.

    Args:
        dataset: iterable of dicts with "width" and "height".
        batch_size: elements per batch; a batch is given out when it is full.
        collate_fn: list of elements -> batch.
    """

    def __init__(self, dataset: Iterable[dict], batch_size: int, collate_fn: Callable):
        self._dataset = dataset
        self._batch_size = batch_size
        self._collate_fn = collate_fn

    def __iter__(self) -> Iterator:
        waiting: dict[bool, list[dict]] = {True: [], False: []}
        for element in self._dataset:
            group = waiting[element["width"] > element["height"]]
            group.append(element)
            if len(group) == self._batch_size:
                yield self._collate_fn(group[:])
                group.clear()
