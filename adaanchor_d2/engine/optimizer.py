"""Optimizers by name, with Detectron2's settings per parameter."""

import torch
from detectron2.config import CfgNode
from detectron2.solver.build import get_default_optimizer_params, maybe_add_gradient_clipping

from ..errors import InputError

OPTIMIZERS = {"Adam": torch.optim.Adam, "AdamW": torch.optim.AdamW, "SGD": torch.optim.SGD}
CLIP_TYPES = ("value", "norm")


def check_optimizer_name(name: str) -> None:
    """Raise InputError unless ``SOLVER.OPTIMIZER`` names a known optimizer."""
    if name not in OPTIMIZERS:
        raise InputError(
            f"SOLVER.OPTIMIZER {name!r} is unknown; known are {', '.join(OPTIMIZERS)}."
        )


def _check_clipping(settings: CfgNode) -> None:
    if settings.ENABLED and settings.CLIP_TYPE not in CLIP_TYPES:
        raise InputError(
            f"SOLVER.CLIP_GRADIENTS.CLIP_TYPE {settings.CLIP_TYPE!r} is unknown; known are "
            f"{', '.join(CLIP_TYPES)}."
        )


def build_optimizer(cfg: CfgNode, model: torch.nn.Module) -> torch.optim.Optimizer:
    """Build ``SOLVER.OPTIMIZER`` for the trainable parameters of ``model``.

    Keys read: BASE_LR, WEIGHT_DECAY (in Adam the L2 penalty, in AdamW decoupled),
    WEIGHT_DECAY_NORM, WEIGHT_DECAY_BIAS, BIAS_LR_FACTOR, MOMENTUM and NESTEROV (SGD only) and
    CLIP_GRADIENTS.

    Gradients are clipped inside ``optimizer.step()``, as in Detectron2. That is also right under
    fp16: ``GradScaler.step`` removes the loss scale from the gradients before it calls ``step``.
    """
    solver = cfg.SOLVER
    check_optimizer_name(solver.OPTIMIZER)
    _check_clipping(solver.CLIP_GRADIENTS)
    parameters = get_default_optimizer_params(
        model,
        base_lr=solver.BASE_LR,
        weight_decay_norm=solver.WEIGHT_DECAY_NORM,
        bias_lr_factor=solver.BIAS_LR_FACTOR,
        weight_decay_bias=solver.WEIGHT_DECAY_BIAS,
    )
    arguments = {"lr": solver.BASE_LR, "weight_decay": solver.WEIGHT_DECAY}
    if solver.OPTIMIZER == "SGD":
        arguments.update(momentum=solver.MOMENTUM, nesterov=solver.NESTEROV)
    optimizer = OPTIMIZERS[solver.OPTIMIZER](parameters, **arguments)
    return maybe_add_gradient_clipping(cfg, optimizer)
