"""The training loop, and hooks around its steps."""

import functools
import logging
import time
import weakref

import numpy as np
import torch
from torch import nn

from detectron2.utils import comm
from detectron2.utils.events import EventStorage, get_event_storage


class HookBase:
    """Something to do before, between and after training steps.

    ``before_step`` should take no noticeable time; what does belongs in ``after_step``. A hook with
    a state also has ``load_state_dict(state)``.

    Attributes:
        trainer: weak reference to the trainer, set by ``register_hooks``.
    """

    trainer: "TrainerBase" = None

    def before_train(self) -> None:
        """Called before the first iteration."""

    def after_train(self) -> None:
        """Called after the last iteration, and after a failure."""

    def before_step(self) -> None:
        """Called before each iteration."""

    def after_backward(self) -> None:
        """Called between backward pass and optimizer step, where the loop has such."""

    def after_step(self) -> None:
        """Called after each iteration."""

    def state_dict(self) -> dict:
        """State to save; {} for none."""
        return {}


class TrainerBase:
    """A loop with hooks; a subclass says in :meth:`run_step` what one iteration is.

    Attributes:
        iter: the current iteration; equal to ``max_iter`` after a complete training.
        start_iter: first iteration.
        max_iter: iteration at which the training ends.
        storage: the :class:`EventStorage` of this training.
    """

    def __init__(self):
        self._hooks: list[HookBase] = []
        self.iter: int = 0
        self.start_iter: int = 0
        self.max_iter: int
        self.storage: EventStorage

    def register_hooks(self, hooks: list[HookBase | None]) -> None:
        """Add hooks, which run in this order; None entries are ignored."""
        for hook in filter(None, hooks):
            hook.trainer = weakref.proxy(self)
            self._hooks.append(hook)

    def train(self, start_iter: int, max_iter: int) -> None:
        """Run the iterations from ``start_iter`` to ``max_iter - 1``.

        Hooks' ``after_train`` also runs when a step fails; the exception is raised again.
        """
        logger = logging.getLogger(__name__)
        logger.info(f"Starting training from iteration {start_iter}")
        self.iter = self.start_iter = start_iter
        self.max_iter = max_iter
        with EventStorage(start_iter) as self.storage:
            try:
                self.before_train()
                for self.iter in range(start_iter, max_iter):
                    self.before_step()
                    self.run_step()
                    self.after_step()
                self.iter += 1
            except Exception:
                logger.exception("Exception during training:")
                raise
            finally:
                self.after_train()

    def run_step(self) -> None:
        """Do one iteration."""
        raise NotImplementedError

    def _call_hooks(self, name: str) -> None:
        for hook in self._hooks:
            getattr(hook, name)()

    def before_train(self) -> None:
        self._call_hooks("before_train")

    def after_train(self) -> None:
        self.storage.iter = self.iter
        self._call_hooks("after_train")

    def before_step(self) -> None:
        self.storage.iter = self.iter
        self._call_hooks("before_step")

    def after_backward(self) -> None:
        self._call_hooks("after_backward")

    def after_step(self) -> None:
        self._call_hooks("after_step")

    def state_dict(self) -> dict:
        """Return the iteration and the states of the hooks, by class name."""
        states = {type(hook).__qualname__: hook.state_dict() for hook in reversed(self._hooks)}
        states = {name: state for name, state in states.items() if state}
        return {"iteration": self.iter, **({"hooks": states} if states else {})}

    def load_state_dict(self, state_dict: dict) -> None:
        """Take over the iteration and the hooks' states."""
        self.iter = state_dict["iteration"]
        hooks = {type(hook).__qualname__: hook for hook in reversed(self._hooks)}
        for name, state in state_dict.get("hooks", {}).items():
            if name in hooks:
                hooks[name].load_state_dict(state)
            else:
                logging.getLogger(__name__).warning(
                    f"The checkpoint has a state for the hook {name}, which this trainer lacks."
                )


class SimpleTrainer(TrainerBase):
    """One model, one optimizer, one data source: forward, backward, step.

    Args:
        model: batch -> loss, or dict of losses whose sum is minimised; is put in training mode.
        data_loader: iterable of batches.
        optimizer: optimizer of the model.
        gather_metric_period: losses are gathered over processes and logged every so many
            iterations.
        zero_grad_before_forward: whether gradients are cleared before the forward pass instead of
            after it.
    """

    def __init__(
        self,
        model: nn.Module,
        data_loader,
        optimizer: torch.optim.Optimizer,
        gather_metric_period: int = 1,
        zero_grad_before_forward: bool = False,
    ):
        super().__init__()
        model.train()
        self.model = model
        self.data_loader = data_loader
        self.optimizer = optimizer
        self.gather_metric_period = gather_metric_period
        self.zero_grad_before_forward = zero_grad_before_forward

    @functools.cached_property
    def _data_loader_iter(self):
        return iter(self.data_loader)

    def run_step(self) -> None:
        assert self.model.training, "Something put the model in evaluation mode."
        start = time.perf_counter()
        batch = next(self._data_loader_iter)
        data_time = time.perf_counter() - start
        if self.zero_grad_before_forward:
            self.optimizer.zero_grad()
        losses = self.model(batch)
        if isinstance(losses, torch.Tensor):
            losses = {"total_loss": losses}
        total = sum(losses.values())
        if not self.zero_grad_before_forward:
            self.optimizer.zero_grad()
        total.backward()
        self.after_backward()
        if (self.iter + 1) % self.gather_metric_period == 0:
            self.write_metrics(losses, data_time, self.iter)
        self.optimizer.step()

    @staticmethod
    def write_metrics(
        loss_dict: dict[str, torch.Tensor], data_time: float, cur_iter: int, prefix: str = ""
    ) -> None:
        """Log losses (mean over processes), their sum and the data time (maximum).

        Raises FloatingPointError on process 0 when the sum is not finite.

        Args:
            loss_dict: scalar losses by name.
            data_time: seconds that this process waited for data.
            cur_iter: the iteration.
            prefix: put before ``total_loss``.
        """
        own = {name: loss.detach().cpu().item() for name, loss in loss_dict.items()}
        storage = get_event_storage()
        storage.put_scalar("rank_data_time", data_time, cur_iter=cur_iter)
        gathered = comm.gather((own, data_time))
        if not comm.is_main_process():
            return
        slowest = max(seconds for _, seconds in gathered)
        storage.put_scalar("data_time", slowest, cur_iter=cur_iter)
        means = {name: np.mean([losses[name] for losses, _ in gathered]) for name in own}
        total = sum(means.values())
        if not np.isfinite(total):
            raise FloatingPointError(f"The loss is not finite at iteration={cur_iter}: {means}")
        storage.put_scalar(f"{prefix}total_loss", total, cur_iter=cur_iter)
        if len(means) > 1:
            storage.put_scalars(cur_iter=cur_iter, **means)

    def state_dict(self) -> dict:
        return {**super().state_dict(), "optimizer": self.optimizer.state_dict()}

    def load_state_dict(self, state_dict: dict) -> None:
        super().load_state_dict(state_dict)
        self.optimizer.load_state_dict(state_dict["optimizer"])
