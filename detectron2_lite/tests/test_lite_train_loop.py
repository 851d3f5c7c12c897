"""The plain training loop."""

import pytest
import torch
from torch import nn

from detectron2.engine import SimpleTrainer


def simple_trainer(loss, **arguments):
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(1))

        def forward(self, batch):
            return loss(self.weight, batch)

    model = Model().eval()
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    return SimpleTrainer(model, [1.0, 2.0, 3.0], optimizer, **arguments)


@pytest.mark.parametrize("early", [True, False])
def test_simple_trainer(early):
    trainer = simple_trainer(lambda weight, x: weight.sum() * x, zero_grad_before_forward=early)
    assert trainer.model.training
    trainer.train(0, 3)
    assert trainer.model.weight.item() == 1.0 - 6.0
    assert trainer.storage.history("total_loss").values() == [(1.0, 0), (0.0, 1), (-6.0, 2)]


def test_simple_trainer_gathers_metrics_now_and_then():
    trainer = simple_trainer(lambda weight, x: {"a": weight.sum()}, gather_metric_period=3)
    trainer.train(0, 3)
    assert trainer.storage.history("total_loss").values() == [(-1.0, 2)]


def test_simple_trainer_stops_when_the_loss_is_not_finite():
    trainer = simple_trainer(lambda weight, x: weight.sum() * float("nan"))
    with pytest.raises(FloatingPointError, match="iteration=0"):
        trainer.train(0, 3)
