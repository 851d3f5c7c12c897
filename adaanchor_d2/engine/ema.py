"""Exponential moving average of a model's weights."""

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel


class ModelEma(AveragedModel):
    """A copy of ``model`` (attribute ``module``) that follows it as a moving average.

    After update number n (from 0) the copy is ``d * copy + (1 - d) * model`` with
    ``d = min(decay, (1 + n) / (10 + n))``; update 0 copies the model. The smaller d of the first
    updates lets short runs forget their random start.

    Floating-point buffers are averaged like parameters: batch-norm statistics then belong to about
    the weights that the average holds. Other buffers (counters) are copied.

    Args:
        model: the model, not wrapped for distributed training.
        decay: in [0, 1).
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        # The number of updates stays on the CPU, so that reading it does not wait for the GPU.
        super().__init__(model, multi_avg_fn=self._average, use_buffers=True)
        self.decay = decay
        self.module.requires_grad_(False)
        self.module.eval()

    @property
    def num_updates(self) -> int:
        return int(self.n_averaged)

    def restore(self, state_dict: dict[str, Tensor], num_updates: int) -> None:
        """Continue from an average after so many updates (0: it starts at these weights)."""
        self.module.load_state_dict(state_dict)
        self.n_averaged.fill_(num_updates)

    @torch.no_grad()
    def _average(self, averaged: list[Tensor], current: list[Tensor], _) -> None:
        num_updates = self.num_updates
        decay = min(self.decay, (1 + num_updates) / (10 + num_updates))
        if averaged[0].is_floating_point():
            torch._foreach_lerp_(averaged, current, 1 - decay)
        else:
            torch._foreach_copy_(averaged, current)
