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
    nn.BatchNorm1d,
    nn.BatchNorm2d,
    nn.BatchNorm3d,
    nn.SyncBatchNorm,
    nn.GroupNorm,
    nn.InstanceNorm1d,
    nn.InstanceNorm2d,
    nn.InstanceNorm3d,
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
    if bias_lr_factor is not None and bias_lr_factor != 1.0:
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
    given = {"lr": base_lr, "weight_decay": weight_decay}
    defaults = {key: value for key, value in given.items() if value is not None}

    groups: dict[tuple, list[nn.Parameter]] = defaultdict(list)
    seen: set[nn.Parameter] = set()
    for module_name, module in model.named_modules():
        for name, parameter in module.named_parameters(recurse=False):
            if not parameter.requires_grad or parameter in seen:
                continue
            seen.add(parameter)
            settings = dict(defaults)
            if isinstance(module, _NORM_LAYERS) and weight_decay_norm is not None:
                settings["weight_decay"] = weight_decay_norm
            if lr_factor_func is not None:
                settings["lr"] *= lr_factor_func(f"{module_name}.{name}")
            settings.update(overrides.get(name, {}))
            groups[tuple(settings.items())].append(parameter)
    return [{**dict(settings), "params": parameters} for settings, parameters in groups.items()]


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
    clip = _build_clipper(settings.CLIP_TYPE, settings.CLIP_VALUE, settings.NORM_TYPE)
    if isinstance(optimizer, torch.optim.Optimizer):
        optimizer.__class__ = _add_clipping(type(optimizer), clip)
        return optimizer
    return _add_clipping(optimizer, clip)


def _build_clipper(kind: str, limit: float, norm_type: float) -> Callable[[nn.Parameter], None]:
    if kind == "value":
        return lambda parameter: nn.utils.clip_grad_value_(parameter, limit)
    if kind == "norm":
        return lambda parameter: nn.utils.clip_grad_norm_(parameter, limit, norm_type)
    raise ValueError(f"SOLVER.CLIP_GRADIENTS.CLIP_TYPE is '{kind}', not 'value' or 'norm'.")


def _add_clipping(base: type, clip: Callable[[nn.Parameter], None]) -> type:
    def step(self, closure=None):
        for group in self.param_groups:
            for parameter in group["params"]:
                clip(parameter)
        return base.step(self, closure)

    return type(base.__name__ + "WithGradientClip", (base,), {"step": step})


def build_optimizer(cfg, model: nn.Module) -> torch.optim.Optimizer:
    """Build SGD with the settings of ``SOLVER``."""
    parameters = get_default_optimizer_params(
        model,
        base_lr=cfg.SOLVER.BASE_LR,
        weight_decay_norm=cfg.SOLVER.WEIGHT_DECAY_NORM,
        bias_lr_factor=cfg.SOLVER.BIAS_LR_FACTOR,
        weight_decay_bias=cfg.SOLVER.WEIGHT_DECAY_BIAS,
    )
    optimizer = torch.optim.SGD(
        parameters,
        lr=cfg.SOLVER.BASE_LR,
        momentum=cfg.SOLVER.MOMENTUM,
        nesterov=cfg.SOLVER.NESTEROV,
        weight_decay=cfg.SOLVER.WEIGHT_DECAY,
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
