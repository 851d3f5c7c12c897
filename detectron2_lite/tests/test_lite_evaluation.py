"""The evaluation loop, and printing and checking of results."""

import logging

import pytest
import torch
from torch import nn

from detectron2.config import get_cfg
from detectron2.evaluation import (
    DatasetEvaluator,
    DatasetEvaluators,
    inference_context,
    inference_on_dataset,
    print_csv_format,
    verify_results,
)
from detectron2.evaluation.testing import flatten_results_dict


class Doubler(nn.Module):
    def forward(self, batch):
        assert not self.training and not torch.is_grad_enabled()
        return [2 * value for value in batch]


class Collector(DatasetEvaluator):
    def __init__(self, key="pairs"):
        self.key = key
        self.pairs = ["left over"]

    def reset(self):
        self.pairs = []

    def process(self, inputs, outputs):
        self.pairs.extend(zip(inputs, outputs, strict=True))

    def evaluate(self):
        return {self.key: {"pairs": self.pairs}}


@pytest.mark.parametrize("was_training", [True, False])
def test_inference_on_dataset(was_training):
    model = Doubler().train(was_training)
    results = inference_on_dataset(model, [[1, 2], [3]], Collector())
    assert results == {"pairs": {"pairs": [(1, 2), (2, 4), (3, 6)]}}
    assert model.training == was_training


def test_several_or_no_evaluators():
    batches = [[1]] * 12
    results = inference_on_dataset(Doubler(), batches, [Collector("a"), Collector("b")])
    assert set(results) == {"a", "b"}
    assert len(results["a"]["pairs"]) == 12
    assert inference_on_dataset(Doubler(), batches, None) == {}
    assert inference_on_dataset(Doubler(), batches, DatasetEvaluator()) == {}
    with pytest.raises(AssertionError, match="same key"):
        inference_on_dataset(Doubler(), batches, DatasetEvaluators([Collector(), Collector()]))


def test_callbacks():
    calls = []
    names = ("on_start", "before_inference", "after_inference", "on_end")
    callbacks = {name: lambda name=name: calls.append(name) for name in names}
    inference_on_dataset(Doubler(), [[1], [2]], None, callbacks=callbacks)
    assert calls == ["on_start", *2 * ["before_inference", "after_inference"], "on_end"]


def test_inference_context():
    model = nn.Linear(1, 1).train()
    with inference_context(model):
        assert not model.training
    assert model.training


def test_print_csv_format(caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("detectron2"), "propagate", True)
    with caplog.at_level(logging.INFO):
        print_csv_format({"keypoints": {"AP": 12.34567, "AP-person": 1.0, "AR": 2}})
    assert caplog.messages == [
        "copypaste: Task: keypoints",
        "copypaste: AP,AR",
        "copypaste: 12.3457,2.0000",
    ]


def test_flatten_results_dict():
    nested = {"a": {"b": 1, "c": {"d": 2}}, "e": 3}
    assert flatten_results_dict(nested) == {"a/b": 1, "a/c/d": 2, "e": 3}


@pytest.mark.parametrize(
    ("value", "is_good"), [(50.0, True), (50.9, True), (51.1, False), (float("nan"), False)]
)
def test_verify_results(value, is_good):
    cfg = get_cfg()
    assert verify_results(cfg, {})
    cfg.TEST.EXPECTED_RESULTS = [["keypoints", "AP", 50.0, 1.0]]
    results = {"keypoints": {"AP": value}}
    if is_good:
        assert verify_results(cfg, results)
    else:
        with pytest.raises(SystemExit) as exit_info:
            verify_results(cfg, results)
        assert exit_info.value.code == 1


def test_verify_results_of_a_missing_metric():
    cfg = get_cfg()
    cfg.TEST.EXPECTED_RESULTS = [["keypoints", "AP", 50.0, 1.0]]
    with pytest.raises(SystemExit):
        verify_results(cfg, {"keypoints": {"AR": 50.0}})
