"""A training loader whose random numbers depend on where the run starts."""

from collections.abc import Callable, Iterable, Iterator


class SeededLoader:
    """Endless iterable of micro-batches (lists of samples), made when its iteration starts.

    Attributes:
        start_iter: optimizer iteration that the run starts or resumes at; set it before iterating.
            It is added to the seed, so that a resumed run sees another order and other
            augmentations than the run before it, and a run from the start those of the seed.
    """

    def __init__(self, make_loader: Callable[[int], Iterable[list[dict]]], seed: int) -> None:
        """
        Args:
            make_loader: seed -> endless iterable of micro-batches.
            seed: must be equal in all processes.
        """
        self._make_loader = make_loader
        self._seed = seed
        self.start_iter = 0

    def __iter__(self) -> Iterator[list[dict]]:
        return iter(self._make_loader(self._seed + self.start_iter))
