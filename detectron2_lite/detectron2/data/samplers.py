"""Which samples each process sees. Data-loader workers are not these samplers' business."""

import itertools
from collections.abc import Iterator

import torch
from torch.utils.data import Sampler

from detectron2.utils import comm


class TrainingSampler(Sampler):
    """Endless indices: one stream of shuffled epochs, of which process r takes every n-th.

    Args:
        size: number of samples.
        shuffle: whether each epoch is shuffled.
        seed: seed of the shuffle, the same in all processes; None draws one for all of them.
    """

    def __init__(self, size: int, shuffle: bool = True, seed: int | None = None):
        if not isinstance(size, int):
            raise TypeError(f"The size of a TrainingSampler is an int, not {size!r}.")
        if size <= 0:
            raise ValueError(f"A TrainingSampler needs at least one sample, not {size}.")
        self._size = size
        self._shuffle = shuffle
        self._seed = int(comm.shared_random_seed() if seed is None else seed)

    def __iter__(self) -> Iterator[int]:
        return itertools.islice(self._all_indices(), comm.get_rank(), None, comm.get_world_size())

    def _all_indices(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(self._seed)
        while True:
            if self._shuffle:
                yield from torch.randperm(self._size, generator=generator).tolist()
            else:
                yield from range(self._size)


class InferenceSampler(Sampler):
    """Every index once: process r takes the r-th contiguous part; sizes differ by one at most.

    Args:
        size: number of samples.
    """

    def __init__(self, size: int):
        assert size > 0, f"An InferenceSampler needs at least one sample, not {size}."
        share, extra = divmod(size, comm.get_world_size())
        rank = comm.get_rank()
        begin = rank * share + min(rank, extra)
        self._indices = range(begin, begin + share + (rank < extra))

    def __iter__(self) -> Iterator[int]:
        return iter(self._indices)

    def __len__(self) -> int:
        return len(self._indices)
