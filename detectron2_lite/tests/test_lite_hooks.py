"""Hooks: their order, and what they do."""

import pytest
import torch
from torch import nn

from detectron2.engine import HookBase, TrainerBase, hooks


class Recorder(HookBase):
    def __init__(self, calls):
        self.calls = calls

    def before_train(self):
        self.calls.append("before_train")

    def after_train(self):
        self.calls.append(f"after_train {self.trainer.iter}")

    def before_step(self):
        self.calls.append(f"before {self.trainer.iter} {self.trainer.storage.iter}")

    def after_step(self):
        self.calls.append(f"after {self.trainer.iter}")


class Idle(TrainerBase):
    def run_step(self):
        if self.iter == 7:
            raise RuntimeError("stop")


def test_order_of_hooks():
    calls = []
    trainer = Idle()
    trainer.register_hooks([Recorder(calls), None])
    trainer.train(2, 4)
    assert calls == [
        "before_train",
        *("before 2 2", "after 2"),
        *("before 3 3", "after 3"),
        "after_train 4",
    ]


def test_hooks_end_after_a_failure():
    calls, evaluations = [], []
    trainer = Idle()
    trainer.register_hooks([Recorder(calls), hooks.EvalHook(0, lambda: evaluations.append(1))])
    with pytest.raises(RuntimeError, match="stop"):
        trainer.train(6, 10)
    assert calls[-1] == "after_train 7"
    assert not evaluations


def test_eval_hook_periods():
    seen = []
    trainer = Idle()

    def evaluate():
        seen.append(trainer.iter)
        return {"task": {"metric": len(seen)}}

    trainer.register_hooks([hooks.EvalHook(2, evaluate)])
    trainer.train(0, 6)
    assert seen == [1, 3, 6]  # in the place of iteration 5, once the training is complete
    assert trainer.storage.latest()["task/metric"] == (3.0, 6)


def test_eval_hook_refuses_what_is_no_number():
    trainer = Idle()
    trainer.register_hooks([hooks.EvalHook(1, lambda: {"task": {"metric": "high"}})])
    with pytest.raises(ValueError, match="task/metric"):
        trainer.train(0, 3)


def test_logged_learning_rate_is_that_of_the_largest_group():
    def rates(*groups):
        parameters = [
            {"params": [nn.Parameter(torch.zeros(1)) for _ in range(count)], "lr": lr}
            for count, lr in groups
        ]
        return hooks.LRScheduler.get_best_param_group_id(torch.optim.SGD(parameters, lr=1))

    assert rates((1, 0.1), (3, 0.2), (2, 0.3)) == 1
    assert rates((1, 0.1), (1, 0.2), (1, 0.2)) == 1
