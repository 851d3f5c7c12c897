"""The training step: accumulation, mixed precision, several processes, finite losses."""

import contextlib
import time
import warnings

import torch
import torch.distributed as dist
from detectron2.engine import SimpleTrainer
from detectron2.utils import comm
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from ..errors import InputError, name_first


def distribute(model: nn.Module) -> nn.Module:
    """Wrap ``model`` for training in several processes, on GPUs (nccl) or on the CPU (gloo).

    Parameters without a gradient are allowed: a backbone may hold more stages or pyramid levels
    than the neck reads. Looking for them costs a walk over the autograd graph in each iteration.
    """
    if comm.get_world_size() == 1:
        return model
    # Where every parameter has a gradient, torch would advise against looking for others.
    warnings.filterwarnings("ignore", message="find_unused_parameters=True was specified")
    device = next(model.parameters()).device
    return DistributedDataParallel(
        model,
        device_ids=[device.index] if device.type == "cuda" else None,
        broadcast_buffers=False,
        find_unused_parameters=True,
    )


def share_buffers(model: nn.Module) -> None:
    """Give all processes the main process's buffers (batch-norm statistics differ otherwise).

    What the processes evaluate together is then what the main process saves.
    """
    if comm.get_world_size() > 1:
        with torch.no_grad():
            for buffer in model.buffers():
                dist.broadcast(buffer, src=0)


class TrainLoop(SimpleTrainer):
    """One optimizer step from ``accumulate_steps`` micro-batches.

    The gradient is the mean over micro-batches and processes. When a loss is not finite in any
    process, all processes raise the same InputError before any weight is changed.

    Args:
        model: called with a list of dicts, returns a dict of scalar losses (or one scalar).
        data_loader: yields micro-batches, lists of dicts.
        optimizer: with gradient clipping inside its ``step``, if any.
        accumulate_steps: micro-batches per optimizer step.
        amp_dtype: torch.bfloat16 or torch.float16 for mixed precision (the latter with a loss
            scale); None trains in the model's precision.
    """

    def __init__(
        self,
        model: nn.Module,
        data_loader,
        optimizer: torch.optim.Optimizer,
        *,
        accumulate_steps: int = 1,
        amp_dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(model, data_loader, optimizer)
        self.accumulate_steps = accumulate_steps
        self.amp_dtype = amp_dtype
        self.device_type = next(model.parameters()).device.type
        needs_scale = amp_dtype == torch.float16
        self.grad_scaler = torch.amp.GradScaler(self.device_type, enabled=needs_scale)

    def run_step(self) -> None:
        assert self.model.training, "The model was changed to eval mode."
        self.optimizer.zero_grad()
        data_time = 0.0
        step_losses: list[dict[str, Tensor]] = []
        file_names: list[list[str]] = []
        for micro_step in range(self.accumulate_steps):
            start = time.perf_counter()
            batch = next(self._data_loader_iter)
            data_time += time.perf_counter() - start
            file_names.append([str(sample.get("file_name", "?")) for sample in batch])
            with self._gradient_exchange(micro_step == self.accumulate_steps - 1):
                step_losses.append(self._add_gradients(batch))
        self._require_finite(step_losses, file_names)
        self.grad_scaler.step(self.optimizer)
        self.grad_scaler.update()
        losses = {
            name: torch.stack([losses[name] for losses in step_losses]).mean()
            for name in step_losses[0]
        }
        self.write_metrics(losses, data_time, self.iter)

    def _gradient_exchange(self, enabled: bool):
        """Processes exchange their gradients in the last micro-batch only."""
        if enabled or not isinstance(self.model, DistributedDataParallel):
            return contextlib.nullcontext()
        return self.model.no_sync()

    def _add_gradients(self, batch: list[dict]) -> dict[str, Tensor]:
        """Add a micro-batch's share to the gradients; return its losses, detached."""
        with torch.autocast(
            self.device_type, dtype=self.amp_dtype, enabled=self.amp_dtype is not None
        ):
            losses = self.model(batch)
        if isinstance(losses, Tensor):
            losses = {"total_loss": losses}
        loss = sum(losses.values()) / self.accumulate_steps
        self.grad_scaler.scale(loss).backward()
        return {name: value.detach() for name, value in losses.items()}

    def _require_finite(
        self, step_losses: list[dict[str, Tensor]], file_names: list[list[str]]
    ) -> None:
        """Raise InputError in all processes when a loss or the gradient is not finite in one.

        Under fp16 the gradient is left to the loss scaler, which skips steps that overflow.
        """
        totals = torch.stack([sum(losses.values()) for losses in step_losses])
        finite = totals.isfinite().all()
        if not self.grad_scaler.is_enabled():
            finite &= self._gradient_norm().isfinite()
        finite = finite.float()
        if comm.get_world_size() > 1:
            dist.all_reduce(finite, op=dist.ReduceOp.MIN)
        if finite.item():
            return
        fault = _find_fault(totals.tolist(), step_losses, file_names)
        raise InputError(_describe_faults(self.iter, comm.all_gather((fault, file_names))))

    def _gradient_norm(self) -> Tensor:
        """Norm of the gradient; an infinite limit makes torch's clipping only measure it."""
        return nn.utils.clip_grad_norm_(self.model.parameters(), float("inf"))

    def state_dict(self) -> dict:
        state = super().state_dict()
        state["optimizer_name"] = _optimizer_name(self.optimizer)
        if self.grad_scaler.is_enabled():
            state["grad_scaler"] = self.grad_scaler.state_dict()
        return state

    def load_state_dict(self, state_dict: dict) -> None:
        saved = state_dict.get("optimizer_name", _optimizer_name(self.optimizer))
        if saved != _optimizer_name(self.optimizer):
            raise InputError(
                f"SOLVER.OPTIMIZER is {_optimizer_name(self.optimizer)}, but the run to be resumed "
                f"was trained with {saved}."
            )
        try:
            super().load_state_dict(state_dict)
        except ValueError as error:
            raise InputError(
                "The optimizer state of the run to be resumed does not fit this model and SOLVER "
                f"section ({error})."
            ) from None
        if self.grad_scaler.is_enabled() and "grad_scaler" in state_dict:
            self.grad_scaler.load_state_dict(state_dict["grad_scaler"])


def _optimizer_name(optimizer: torch.optim.Optimizer) -> str:
    return type(optimizer).__name__.removesuffix("WithGradientClip")


def _find_fault(
    totals: list[float], step_losses: list[dict[str, Tensor]], file_names: list[list[str]]
) -> tuple[list[str], list[str]] | None:
    """Return (names of the losses that are not finite, images of their micro-batch), or None."""
    for total, losses, names in zip(totals, step_losses, file_names, strict=True):
        if not torch.tensor(total).isfinite():
            return [name for name, value in losses.items() if not value.isfinite()], names
    return None


def _describe_faults(iteration: int, reports: list[tuple]) -> str:
    """One sentence on the first process whose loss is at fault, else on the gradient."""
    stopped = "training stopped, and the last checkpoint stays as it is"
    for rank, (fault, _) in enumerate(reports):
        if fault is not None:
            loss_names, images = fault
            process = f"process {rank} of {len(reports)}, " if len(reports) > 1 else ""
            return (
                f"The loss is not finite ({', '.join(loss_names) or 'in total'}) in iteration "
                f"{iteration}, {process}images {name_first(images)}: {stopped}."
            )
    images = [name for _, file_names in reports for names in file_names for name in names]
    return (
        f"The gradient is not finite in iteration {iteration}, images {name_first(images)}: "
        f"{stopped}."
    )
