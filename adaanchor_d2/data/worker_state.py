"""What each data-loading process sets up for itself: its random numbers and OpenCV's threads."""

import os

import cv2
import numpy as np
import torch.utils.data
from detectron2.utils import comm


class WorkerState:
    """Owned by a mapper; makes itself anew in every process the mapper is copied to."""

    def __init__(self, seed: int | None) -> None:
        """
        Args:
            seed: random numbers depend on this seed, the rank and the loader worker, and on
                nothing else, so that equal runs see equal samples whatever their models draw.
                None: different in every run.
        """
        self._seed = seed
        self._rank = comm.get_rank()
        self._process: int | None = None
        self._rng: np.random.Generator | None = None

    def rng(self) -> np.random.Generator:
        """Return the random number generator of this process."""
        if self._process != os.getpid():
            self._process = os.getpid()
            self._set_up()
        return self._rng

    def _set_up(self) -> None:
        worker = torch.utils.data.get_worker_info()
        if worker is not None:
            # The loader's workers are the parallelism; threads inside them get in their way.
            cv2.setNumThreads(0)
        worker_number = 0 if worker is None else worker.id + 1
        entropy = None if self._seed is None else (self._seed, self._rank, worker_number)
        self._rng = np.random.default_rng(entropy)
