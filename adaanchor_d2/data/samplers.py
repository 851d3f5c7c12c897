"""A training sampler that keeps the people of one image together."""

from collections.abc import Hashable, Iterator, Sequence
from itertools import chain, islice

import torch
from detectron2.utils import comm
from torch.utils.data import Sampler


class ImageGroupedSampler(Sampler):
    """Endless random indices in which samples of one image follow each other.

    Images are shuffled anew in every pass and dealt out to the processes in turn, so no image is
    on two processes in one pass; the order inside an image is random too. Decoding is shared by
    the samples of an image. The price: samples of one batch are less independent of each other
    (a batch of 32 COCO people comes from about 12 images).
    """

    def __init__(self, groups: Sequence[Hashable], seed: int) -> None:
        """
        Args:
            groups: what each sample belongs to (its image's file name), one entry per sample.
            seed: must be equal in all processes.
        """
        if not groups:
            raise ValueError("ImageGroupedSampler needs at least one sample")
        members: dict[Hashable, list[int]] = {}
        for index, group in enumerate(groups):
            members.setdefault(group, []).append(index)
        self._groups = list(members.values())
        self._seed = seed
        self._rank, self._world_size = comm.get_rank(), comm.get_world_size()

    def __iter__(self) -> Iterator[int]:
        mine = islice(self._endless_groups(), self._rank, None, self._world_size)
        return chain.from_iterable(mine)

    def _endless_groups(self) -> Iterator[list[int]]:
        generator = torch.Generator()
        generator.manual_seed(self._seed)
        while True:
            for number in torch.randperm(len(self._groups), generator=generator).tolist():
                group = self._groups[number]
                order = torch.randperm(len(group), generator=generator).tolist()
                yield [group[i] for i in order]
