"""Optimizer parameters, gradient clipping and learning-rate schedules."""

import math

import pytest
import torch
from torch import nn

from detectron2.config import get_cfg
from detectron2.solver import build_lr_scheduler, build_optimizer
from detectron2.solver.build import get_default_optimizer_params, maybe_add_gradient_clipping


def learning_rates(**settings):
    """The learning rate at each iteration of a training of 20, as a share of the first."""
    cfg = get_cfg()
    cfg.SOLVER.MAX_ITER = 20
    cfg.SOLVER.BASE_LR = 2.0
    cfg.SOLVER.STEPS = (10, 15)
    cfg.SOLVER.WARMUP_ITERS = 0
    for key, value in settings.items():
        cfg.SOLVER[key] = value
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=cfg.SOLVER.BASE_LR)
    scheduler = build_lr_scheduler(cfg, optimizer)
    rates = []
    for _ in range(20):
        rates.append(optimizer.param_groups[0]["lr"] / 2.0)
        optimizer.step()
        scheduler.step()
    return rates


def test_multi_step():
    assert learning_rates() == pytest.approx([1.0] * 10 + [0.1] * 5 + [0.01] * 5)


def test_linear_warmup():
    rates = learning_rates(WARMUP_ITERS=4, WARMUP_FACTOR=0.2)
    assert rates[:5] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert rates[10] == pytest.approx(0.1)


def test_constant_warmup():
    rates = learning_rates(WARMUP_ITERS=4, WARMUP_FACTOR=0.2, WARMUP_METHOD="constant")
    assert rates[:5] == pytest.approx([0.2, 0.2, 0.2, 0.2, 1.0])


def test_cosine():
    rates = learning_rates(LR_SCHEDULER_NAME="WarmupCosineLR", BASE_LR_END=0.5)
    expected = [0.25 + 0.75 * (1 + math.cos(math.pi * i / 20)) / 2 for i in range(20)]
    assert rates == pytest.approx(expected)


def test_steps_after_the_end_are_ignored():
    assert learning_rates(STEPS=(10, 30))[-1] == pytest.approx(0.1)


def test_unknown_schedule():
    with pytest.raises(ValueError, match="NoSuchLR"):
        learning_rates(LR_SCHEDULER_NAME="NoSuchLR")


def test_schedule_state():
    cfg = get_cfg()
    cfg.SOLVER.MAX_ITER, cfg.SOLVER.STEPS, cfg.SOLVER.WARMUP_ITERS = 10, (5,), 0
    optimizers = [torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.001) for _ in range(2)]
    first, second = (build_lr_scheduler(cfg, optimizer) for optimizer in optimizers)
    for _ in range(6):
        optimizers[0].step()
        first.step()
    assert set(first.state_dict()) == {"base_lrs", "last_epoch"}
    second.load_state_dict(first.state_dict())
    optimizers[1].step()
    second.step()
    assert optimizers[1].param_groups[0]["lr"] == pytest.approx(0.0001)
    assert second.last_epoch == 7


@pytest.fixture
def model():
    return nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.Linear(4, 2))


def by_parameter(groups):
    return {
        id(parameter): {key: value for key, value in group.items() if key != "params"}
        for group in groups
        for parameter in group["params"]
    }


def test_default_parameters_are_one_group(model):
    groups = get_default_optimizer_params(model)
    assert len(groups) == 1
    assert len(groups[0]["params"]) == 6
    model[0].weight.requires_grad = False
    model[2].bias = model[0].bias  # shared
    assert len(get_default_optimizer_params(model)[0]["params"]) == 4


def test_settings_of_norms_and_biases(model):
    settings = by_parameter(
        get_default_optimizer_params(
            model,
            base_lr=1.0,
            weight_decay=0.1,
            weight_decay_norm=0.0,
            bias_lr_factor=2.0,
            weight_decay_bias=0.3,
            overrides={"running": {"lr": 9.0}},
        )
    )
    assert settings[id(model[0].weight)] == {"lr": 1.0, "weight_decay": 0.1}
    assert settings[id(model[1].weight)] == {"lr": 1.0, "weight_decay": 0.0}
    assert settings[id(model[0].bias)] == {"lr": 2.0, "weight_decay": 0.3}
    assert settings[id(model[1].bias)] == {"lr": 2.0, "weight_decay": 0.3}


def test_overrides_and_lr_factors(model):
    settings = by_parameter(
        get_default_optimizer_params(
            model,
            base_lr=1.0,
            lr_factor_func=lambda name: 0.5 if name.startswith("0.") else 1.0,
            overrides={"bias": {"lr": 9.0}},
        )
    )
    assert settings[id(model[0].weight)] == {"lr": 0.5}
    assert settings[id(model[2].weight)] == {"lr": 1.0}
    assert settings[id(model[0].bias)] == {"lr": 9.0}
    with pytest.raises(ValueError, match="base_lr"):
        get_default_optimizer_params(model, bias_lr_factor=2.0)
    with pytest.raises(ValueError, match="bias"):
        get_default_optimizer_params(
            model, weight_decay_bias=0.1, overrides={"bias": {"weight_decay": 0.2}}
        )


def clipped_step(clip_type, as_class):
    """One SGD step (rate 1) of two parameters with gradients (3, 4) and (0.5, 0)."""
    cfg = get_cfg()
    cfg.SOLVER.CLIP_GRADIENTS.ENABLED = True
    cfg.SOLVER.CLIP_GRADIENTS.CLIP_TYPE = clip_type
    parameters = [nn.Parameter(torch.zeros(2)) for _ in range(2)]
    parameters[0].grad = torch.tensor([3.0, 4.0])
    parameters[1].grad = torch.tensor([0.5, 0.0])
    if as_class:
        optimizer = maybe_add_gradient_clipping(cfg, torch.optim.SGD)(parameters, lr=1.0)
    else:
        optimizer = maybe_add_gradient_clipping(cfg, torch.optim.SGD(parameters, lr=1.0))
    assert isinstance(optimizer, torch.optim.SGD)
    assert type(optimizer).__name__ == "SGDWithGradientClip"
    optimizer.step()
    return [value for parameter in parameters for value in (-parameter.detach()).tolist()]


@pytest.mark.parametrize("as_class", [True, False])
def test_each_gradient_is_clipped_on_its_own(as_class):
    assert clipped_step("value", as_class) == [1.0, 1.0, 0.5, 0.0]
    assert clipped_step("norm", as_class) == pytest.approx([0.6, 0.8, 0.5, 0.0], abs=1e-4)


def test_no_clipping_by_default():
    assert maybe_add_gradient_clipping(get_cfg(), torch.optim.Adam) is torch.optim.Adam


def test_build_optimizer(model):
    cfg = get_cfg()
    cfg.SOLVER.BASE_LR = 0.5
    optimizer = build_optimizer(cfg, model)
    settings = by_parameter(optimizer.param_groups)
    assert settings[id(model[1].weight)]["weight_decay"] == 0.0
    assert settings[id(model[0].bias)]["weight_decay"] == 0.0001
    assert settings[id(model[0].bias)]["momentum"] == 0.9
    assert settings[id(model[0].bias)]["lr"] == 0.5
