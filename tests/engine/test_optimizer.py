import pytest
import torch
from engine.stand_in import EngineStandIn

from adaanchor_d2.engine import build_optimizer
from adaanchor_d2.errors import InputError


@pytest.mark.parametrize("name", ["Adam", "AdamW", "SGD"])
def test_builds_the_named_optimizer(cfg, name):
    optimizer = build_optimizer(cfg("SOLVER.OPTIMIZER", name), EngineStandIn(None))
    assert type(optimizer) is getattr(torch.optim, name)


def test_sgd_reads_momentum(cfg):
    config = cfg("SOLVER.MOMENTUM", 0.7, "SOLVER.NESTEROV", True)
    (group,) = {
        id(g): g for g in build_optimizer(config, EngineStandIn(None)).param_groups[:1]
    }.values()
    assert group["momentum"] == 0.7 and group["nesterov"]


def test_unknown_name_lists_the_known(cfg):
    with pytest.raises(InputError, match=r"SOLVER.OPTIMIZER 'adam' .*Adam, AdamW, SGD"):
        build_optimizer(cfg("SOLVER.OPTIMIZER", "adam"), EngineStandIn(None))


def test_unknown_clip_type_lists_the_known(cfg):
    config = cfg("SOLVER.CLIP_GRADIENTS.CLIP_TYPE", "full_model")
    build_optimizer(config, EngineStandIn(None))  # not enabled, so not read
    config.SOLVER.CLIP_GRADIENTS.ENABLED = True
    with pytest.raises(InputError, match=r"CLIP_TYPE 'full_model' is unknown; .*value, norm\.$"):
        build_optimizer(config, EngineStandIn(None))


def test_settings_per_parameter(cfg):
    model = EngineStandIn(None)
    model.head.weight.requires_grad_(False)
    model.unused.requires_grad_(False)
    config = cfg(
        *("SOLVER.WEIGHT_DECAY", 0.1, "SOLVER.WEIGHT_DECAY_NORM", 0.02),
        *("SOLVER.BIAS_LR_FACTOR", 2.0),
    )
    optimizer = build_optimizer(config, model)
    settings = {
        id(parameter): (group["lr"], group["weight_decay"])
        for group in optimizer.param_groups
        for parameter in group["params"]
    }
    assert settings == {
        id(model.backbone[0].weight): (0.01, 0.1),
        id(model.backbone[0].bias): (0.02, 0.1),
        id(model.backbone[1].weight): (0.01, 0.02),
        id(model.backbone[1].bias): (0.02, 0.02),
        id(model.head.bias): (0.02, 0.1),
    }


@pytest.mark.parametrize("kind, expected", [("value", [0.5, -0.5, 0.1]), ("norm", None)])
def test_gradients_are_clipped_in_the_step(cfg, kind, expected):
    model = torch.nn.Linear(3, 1, bias=False)
    model.weight.data.zero_()
    options = ["SOLVER.CLIP_GRADIENTS.ENABLED", True, "SOLVER.CLIP_GRADIENTS.CLIP_TYPE", kind]
    config = cfg(
        *options, "SOLVER.CLIP_GRADIENTS.CLIP_VALUE", 0.5, "SOLVER.BASE_LR", 1.0,
        "SOLVER.MOMENTUM", 0.0, "SOLVER.WEIGHT_DECAY", 0.0,
    )  # fmt: skip
    optimizer = build_optimizer(config, model)
    model.weight.grad = torch.tensor([[3.0, -4.0, 0.1]])
    if expected is None:
        expected = (model.weight.grad[0] * 0.5 / model.weight.grad.norm()).tolist()
    optimizer.step()
    torch.testing.assert_close(-model.weight.data[0], torch.tensor(expected), rtol=1e-4, atol=0)
