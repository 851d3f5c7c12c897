"""Optimizers and schedules from the config."""

import logging
from collections import defaultdict
from collections.abc import Callable

import torch
from fvcore.common.param_scheduler import (
    CosineParamScheduler,
    MultiStepParamScheduler,
    ParamScheduler,
)
from torch import nn

from detectron2.utils.registry import only_in_detectron2

from .lr_scheduler import LRMultiplier, WarmupParamScheduler

_NORM_LAYERS = (
    nn.modules.batchnorm._NormBase,  # batch norms and instance norms
    nn.GroupNorm,
    nn.LayerNorm,
    nn.LocalResponseNorm,
)


def get_default_optimizer_params(
    model: nn.Module,
    base_lr: float | None = None,
    weight_decay: float | None = None,
    weight_decay_norm: float | None = None,
    bias_lr_factor: float | None = 1.0,
    weight_decay_bias: float | None = None,
    lr_factor_func: Callable[[str], float] | None = None,
    overrides: dict[str, dict[str, float]] | None = None,
) -> list[dict]:
    """Return parameter groups for an optimizer, as few as the settings allow.

    Frozen parameters are left out; shared ones occur once.

    Args:
        model: the model.
        base_lr: learning rate; None leaves it to the optimizer.
        weight_decay: weight decay; None leaves it to the optimizer.
        weight_decay_norm: weight decay of normalization layers.
        bias_lr_factor: learning rate of parameters called "bias", as a factor; needs ``base_lr``.
        weight_decay_bias: weight decay of parameters called "bias".
        lr_factor_func: full parameter name -> factor of its learning rate; needs ``base_lr``.
        overrides: last part of a parameter name -> settings, which win over all others.
    """
    overrides = dict(overrides or {})
    bias = {}
    if bias_lr_factor not in (None, 1.0):
        _require_base_lr(base_lr, "bias_lr_factor")
        bias["lr"] = base_lr * bias_lr_factor
    if weight_decay_bias is not None:
        bias["weight_decay"] = weight_decay_bias
    if bias and "bias" in overrides:
        raise ValueError("overrides and the arguments for biases both set 'bias'.")
    if bias:
        overrides["bias"] = bias
    if lr_factor_func is not None:
        _require_base_lr(base_lr, "lr_factor_func")

    groups: dict[tuple, list[nn.Parameter]] = defaultdict(list)
    seen: set[nn.Parameter] = set()
    for module_name, module in model.named_modules():
        for name, parameter in module.named_parameters(recurse=False):
            if not parameter.requires_grad or parameter in seen:
                continue
            seen.add(parameter)
            settings = {"lr": base_lr, "weight_decay": weight_decay}
            if isinstance(module, _NORM_LAYERS) and weight_decay_norm is not None:
                settings["weight_decay"] = weight_decay_norm
            if lr_factor_func is not None:
                settings["lr"] *= lr_factor_func(f"{module_name}.{name}")
            settings.update(overrides.get(name, {}))
            groups[tuple(settings.items())].append(parameter)
    return [
        {"params": parameters, **{key: value for key, value in settings if value is not None}}
        for settings, parameters in groups.items()
    ]


def _require_base_lr(base_lr: float | None, argument: str) -> None:
    if base_lr is None:
        raise ValueError(f"{argument} has no meaning without base_lr.")


def maybe_add_gradient_clipping(cfg, optimizer):
    """Let an optimizer clip gradients before each step, if ``SOLVER.CLIP_GRADIENTS`` says so.

    Each parameter's gradient is clipped on its own, by value or by norm.

    Args:
        cfg: the config.
        optimizer: an optimizer, or a class of optimizers.

    Returns:
        ``optimizer``, unchanged or with clipping; for a class, a subclass of it.
    """
    settings = cfg.SOLVER.CLIP_GRADIENTS
    if not settings.ENABLED:
        return optimizer
    kind, limit, norm_type = settings.CLIP_TYPE, settings.CLIP_VALUE, settings.NORM_TYPE
    if kind not in ("value", "norm"):
        raise ValueError(f"SOLVER.CLIP_GRADIENTS.CLIP_TYPE is '{kind}', not 'value' or 'norm'.")
    is_class = isinstance(optimizer, type)
    base = optimizer if is_class else type(optimizer)

    def step(self, closure=None):
        for parameter in (p for group in self.param_groups for p in group["params"]):
            if kind == "value":
                nn.utils.clip_grad_value_(parameter, limit)
            else:
                nn.utils.clip_grad_norm_(parameter, limit, norm_type)
        return base.step(self, closure)

    clipping = type(base.__name__ + "WithGradientClip", (base,), {"step": step})
    if is_class:
        return clipping
    optimizer.__class__ = clipping
    return optimizer


def build_optimizer(cfg, model: nn.Module) -> torch.optim.Optimizer:
    """Build SGD with the settings of ``SOLVER``."""
    solver = cfg.SOLVER
    parameters = get_default_optimizer_params(
        model,
        base_lr=solver.BASE_LR,
        weight_decay_norm=solver.WEIGHT_DECAY_NORM,
        bias_lr_factor=solver.BIAS_LR_FACTOR,
        weight_decay_bias=solver.WEIGHT_DECAY_BIAS,
    )
    optimizer = torch.optim.SGD(
        parameters,
        lr=solver.BASE_LR,
        momentum=solver.MOMENTUM,
        nesterov=solver.NESTEROV,
        weight_decay=solver.WEIGHT_DECAY,
    )
    return maybe_add_gradient_clipping(cfg, optimizer)


def build_lr_scheduler(cfg, optimizer: torch.optim.Optimizer) -> LRMultiplier:
    """Build the schedule that ``SOLVER.LR_SCHEDULER_NAME`` names, with its warm-up."""
    max_iter = cfg.SOLVER.MAX_ITER
    schedule = WarmupParamScheduler(
        _build_schedule(cfg),
        cfg.SOLVER.WARMUP_FACTOR,
        min(cfg.SOLVER.WARMUP_ITERS / max_iter, 1.0),
        cfg.SOLVER.WARMUP_METHOD,
        cfg.SOLVER.RESCALE_INTERVAL,
    )
    return LRMultiplier(optimizer, multiplier=schedule, max_iter=max_iter)


def _build_schedule(cfg) -> ParamScheduler:
    solver = cfg.SOLVER
    name = solver.LR_SCHEDULER_NAME
    if name == "WarmupMultiStepLR":
        steps = [step for step in solver.STEPS if step <= solver.MAX_ITER]
        if len(steps) < len(solver.STEPS):
            logging.getLogger(__name__).warning(
                f"Of SOLVER.STEPS {solver.STEPS}, those after SOLVER.MAX_ITER have no effect."
            )
        return MultiStepParamScheduler(
            values=[solver.GAMMA**count for count in range(len(steps) + 1)],
            milestones=steps,
            num_updates=solver.MAX_ITER,
        )
    if name == "WarmupCosineLR":
        end = solver.BASE_LR_END / solver.BASE_LR
        assert 0.0 <= end <= 1.0, f"SOLVER.BASE_LR_END is {end} times SOLVER.BASE_LR"
        return CosineParamScheduler(1, end)
    if name == "WarmupStepWithFixedGammaLR":
        raise only_in_detectron2(f"The learning-rate schedule {name}")
    raise ValueError(f"SOLVER.LR_SCHEDULER_NAME names no known schedule: {name}")
