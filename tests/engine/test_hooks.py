import logging
import types

import pytest
import torch
from detectron2.utils.events import EventStorage
from torch import nn

from adaanchor_d2.engine import SafeCheckpointer
from adaanchor_d2.engine.hooks import BestCheckpoint, EvaluationHook, is_evaluation_due

METRIC = "keypoints/AP"


def evaluate_run(folder, values, mode="max", metric=METRIC, start_iter=0, state=None):
    """Run evaluation and best-checkpoint hooks over iterations with the given results."""
    model = nn.Linear(1, 1)
    checkpointer = SafeCheckpointer(model, str(folder))
    values = dict(enumerate(values, start_iter))
    trainer = types.SimpleNamespace(start_iter=start_iter, max_iter=start_iter + len(values))
    best = BestCheckpoint(checkpointer, metric, mode, period=1)
    results = EvaluationHook(1, lambda: {"keypoints": {"AP": values[trainer.iter]}})
    for hook in (results, best):
        hook.trainer = trainer
    if state is not None:
        best.load_state_dict(state)
    with EventStorage(start_iter) as trainer.storage:
        best.before_train()
        for trainer.iter in values:
            trainer.storage.iter = trainer.iter
            model.weight.data.fill_(trainer.iter)
            results.after_step()
            best.after_step()
    return best


def best_file(folder):
    return torch.load(folder / "model_best.pth", weights_only=True)


@pytest.mark.parametrize("mode, iteration", [("max", 1), ("min", 3)])
def test_keeps_the_best(tmp_path, mode, iteration):
    evaluate_run(tmp_path, [50.0, 70.0, 60.0, 40.0, float("nan")], mode)
    stored = best_file(tmp_path)
    assert stored["best"]["iteration"] == stored["iteration"] == iteration
    assert stored["best"]["value"] == {"max": 70.0, "min": 40.0}[mode]
    assert stored["model"]["weight"].item() == iteration
    assert not (tmp_path / "last_checkpoint").exists()


def test_best_survives_resuming(tmp_path):
    first = evaluate_run(tmp_path, [50.0, 70.0])
    resumed = evaluate_run(tmp_path, [60.0], start_iter=2, state=first.state_dict())
    assert resumed.best_value == 70.0 and best_file(tmp_path)["iteration"] == 1
    evaluate_run(tmp_path, [71.0], start_iter=3, state=resumed.state_dict())
    assert best_file(tmp_path)["iteration"] == 3


def test_best_of_another_run_or_metric_does_not_count(tmp_path):
    first = evaluate_run(tmp_path, [70.0])
    evaluate_run(tmp_path, [50.0])
    assert best_file(tmp_path)["best"]["value"] == 50.0
    evaluate_run(tmp_path, [40.0], start_iter=1, state={"run": "another"})
    assert best_file(tmp_path)["best"]["value"] == 40.0
    other_metric = evaluate_run(tmp_path, [], "min", "keypoints/x", 1, first.state_dict())
    assert other_metric.best_value is None


def test_unknown_metric_is_told_with_the_known(tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        evaluate_run(tmp_path, [1.0], metric="keypoints/ap")
    assert "BEST_METRIC keypoints/ap was not evaluated" in caplog.text
    assert "keypoints/AP" in caplog.text and not (tmp_path / "model_best.pth").exists()


def test_when_evaluation_is_due():
    assert [i for i in range(7) if is_evaluation_due(i, 7, 3)] == [2, 5, 6]
    assert [i for i in range(7) if is_evaluation_due(i, 7, 0)] == [6]
