"""The hook that sets and logs the learning rate."""

import logging
from collections import Counter

import torch
from fvcore.common.param_scheduler import ParamScheduler

from detectron2.solver import LRMultiplier
from detectron2.solver import LRScheduler as _LRScheduler

from ..train_loop import HookBase


class LRScheduler(HookBase):
    """Logs the learning rate as "lr" and sets the next one, after each iteration.

    Args:
        optimizer: by default the trainer's.
        scheduler: a torch scheduler, or an fvcore one that multiplies the learning rate; by
            default the trainer's.
    """

    def __init__(self, optimizer: torch.optim.Optimizer | None = None, scheduler=None):
        self._optimizer = optimizer
        self._scheduler = scheduler

    @property
    def scheduler(self):
        """The scheduler."""
        return self._scheduler or self.trainer.scheduler

    def before_train(self) -> None:
        self._optimizer = self._optimizer or self.trainer.optimizer
        if isinstance(self.scheduler, ParamScheduler):
            self._scheduler = LRMultiplier(
                self._optimizer,
                self.scheduler,
                self.trainer.max_iter,
                last_iter=self.trainer.iter - 1,
            )
        self._logged_group = self.get_best_param_group_id(self._optimizer)

    @staticmethod
    def get_best_param_group_id(optimizer: torch.optim.Optimizer) -> int:
        """Return the parameter group whose rate is logged.

        It is the one with most parameters; where each has one, the first with the most common
        learning rate.
        """
        groups = optimizer.param_groups
        sizes = [len(group["params"]) for group in groups]
        if max(sizes) > 1:
            return sizes.index(max(sizes))
        rates = [group["lr"] for group in groups]
        return rates.index(Counter(rates).most_common(1)[0][0])

    def after_step(self) -> None:
        lr = self._optimizer.param_groups[self._logged_group]["lr"]
        self.trainer.storage.put_scalar("lr", lr, smoothing_hint=False)
        self.scheduler.step()

    def state_dict(self) -> dict:
        is_torch_scheduler = isinstance(self.scheduler, _LRScheduler)
        return self.scheduler.state_dict() if is_torch_scheduler else {}

    def load_state_dict(self, state_dict: dict) -> None:
        if isinstance(self.scheduler, _LRScheduler):
            logging.getLogger(__name__).info("The learning-rate schedule is resumed.")
            self.scheduler.load_state_dict(state_dict)
