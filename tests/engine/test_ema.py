import torch
from torch import nn

from adaanchor_d2.engine.ema import ModelEma


def make_model():
    return nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))


def fill(model, value):
    for tensor in model.state_dict().values():
        tensor.fill_(value)


def test_follows_the_formula_with_warm_up():
    model = make_model()
    ema = ModelEma(model, decay=0.3)
    expected = None
    for update, value in enumerate([1.0, 5.0, -2.0, 4.0]):
        fill(model, value)
        ema.update_parameters(model)
        decay = min(0.3, (1 + update) / (10 + update))
        expected = value if update == 0 else decay * expected + (1 - decay) * value
        for name, tensor in ema.module.state_dict().items():
            if name.endswith("num_batches_tracked"):
                assert tensor.item() == int(value)
            else:
                torch.testing.assert_close(tensor, torch.full_like(tensor, expected))
    assert ema.num_updates == 4
    assert (1 + 1) / (10 + 1) < 0.3 < (1 + 3) / (10 + 3)  # both sides of the warm-up were met


def test_does_not_touch_the_model_and_needs_no_gradient():
    model = make_model()
    ema = ModelEma(model, decay=0.9)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    ema.update_parameters(model)
    ema.update_parameters(model)
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
    assert all(parameter.requires_grad for parameter in model.parameters())
    assert not any(parameter.requires_grad for parameter in ema.module.parameters())
    assert not ema.module.training and model.training


def test_restore_continues_the_average():
    model = make_model()
    ema = ModelEma(model, decay=0.999)
    for value in (1.0, 2.0, 3.0):
        fill(model, value)
        ema.update_parameters(model)
    resumed = ModelEma(make_model(), decay=0.999)
    resumed.restore(ema.module.state_dict(), ema.num_updates)
    fill(model, 7.0)
    for average in (ema, resumed):
        average.update_parameters(model)
    expected = ema.module.state_dict()
    for name, tensor in resumed.module.state_dict().items():
        assert torch.equal(tensor, expected[name])
