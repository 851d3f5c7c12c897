"""Learning-rate schedules as multipliers of the first learning rate."""

import torch
from fvcore.common.param_scheduler import (
    CompositeParamScheduler,
    ConstantParamScheduler,
    LinearParamScheduler,
    ParamScheduler,
)
from torch.optim.lr_scheduler import LRScheduler

__all__ = ["LRMultiplier", "LRScheduler", "WarmupParamScheduler"]


class WarmupParamScheduler(CompositeParamScheduler):
    """A schedule that begins with a warm-up.

    Args:
        scheduler: what follows the warm-up.
        warmup_factor: first value, as a fraction of the first value of ``scheduler``.
        warmup_length: share of the training that is warm-up, in [0, 1].
        warmup_method: "linear" or "constant".
        rescale_interval: whether all of ``scheduler`` is compressed into what remains; else the
            warm-up takes the place of its beginning.
    """

    def __init__(
        self,
        scheduler: ParamScheduler,
        warmup_factor: float,
        warmup_length: float,
        warmup_method: str = "linear",
        rescale_interval: bool = False,
    ):
        start = warmup_factor * scheduler(0.0)
        if warmup_method == "constant":
            warmup = ConstantParamScheduler(start)
        elif warmup_method == "linear":
            end = scheduler(0.0 if rescale_interval else warmup_length)
            warmup = LinearParamScheduler(start, end)
        else:
            raise ValueError(
                f"SOLVER.WARMUP_METHOD is neither linear nor constant: {warmup_method}"
            )
        super().__init__(
            [warmup, scheduler],
            lengths=[warmup_length, 1 - warmup_length],
            interval_scaling=["rescaled", "rescaled" if rescale_interval else "fixed"],
        )


class LRMultiplier(LRScheduler):
    """Multiplies every first learning rate of the optimizer by an fvcore schedule.

    Args:
        optimizer: its learning rates are set.
        multiplier: (iteration / max_iter) -> factor.
        max_iter: number of iterations of the training.
        last_iter: iteration that was done last; -1 at the start.
    """

    def __init__(
        self,
        optimizer: torch.optim.Optimizer,
        multiplier: ParamScheduler,
        max_iter: int,
        last_iter: int = -1,
    ):
        if not isinstance(multiplier, ParamScheduler):
            raise ValueError(f"multiplier must be an fvcore ParamScheduler, not {multiplier}.")
        self._multiplier = multiplier
        self._max_iter = max_iter
        super().__init__(optimizer, last_epoch=last_iter)

    def state_dict(self) -> dict:
        """Return the state; the schedule itself has none."""
        return {"base_lrs": self.base_lrs, "last_epoch": self.last_epoch}

    def get_lr(self) -> list[float]:
        """Return the current learning rate of each parameter group."""
        factor = self._multiplier(self.last_epoch / self._max_iter)
        return [base_lr * factor for base_lr in self.base_lrs]
