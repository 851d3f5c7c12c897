"""The event storage and its writers."""

import json
import logging
import re

import pytest
import torch

from detectron2.utils.events import (
    CommonMetricPrinter,
    EventStorage,
    JSONWriter,
    TensorboardXWriter,
    get_event_storage,
    has_event_storage,
)


def test_storages_nest():
    assert not has_event_storage()
    with pytest.raises(AssertionError):
        get_event_storage()
    with EventStorage() as outer:
        with EventStorage() as inner:
            assert get_event_storage() is inner
        assert get_event_storage() is outer
    assert not has_event_storage()


def test_scalars():
    with EventStorage(start_iter=5) as storage:
        storage.put_scalar("loss", torch.tensor(2.0))
        storage.step()
        storage.put_scalars(loss=4.0, other=1)
        storage.put_scalar("lr", 0.1, smoothing_hint=False, cur_iter=3)
        assert storage.iter == 6
        assert storage.latest() == {"loss": (4.0, 6), "other": (1.0, 6), "lr": (0.1, 3)}
        assert storage.history("loss").values() == [(2.0, 5), (4.0, 6)]
        assert set(storage.histories()) == {"loss", "other", "lr"}
        with pytest.raises(KeyError, match="nothing"):
            storage.history("nothing")
        with pytest.raises(AssertionError, match="lr"):
            storage.put_scalar("lr", 0.1)


def test_smoothing_takes_the_median_of_recent_iterations():
    with EventStorage() as storage:
        for iteration, value in enumerate([100.0, 1.0, 2.0, 9.0]):
            storage.iter = iteration
            storage.put_scalar("loss", value)
            storage.put_scalar("lr", value, smoothing_hint=False)
        smoothed = storage.latest_with_smoothing_hint(window_size=3)
        assert smoothed == {"loss": (2.0, 3), "lr": (9.0, 3)}
        assert storage.count_samples("loss", 3) == 3


def read_lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_json_writer_writes_one_object_per_iteration_and_appends(tmp_path):
    path = tmp_path / "metrics.json"
    for start in (0, 2):  # the second run resumes
        with EventStorage(start) as storage:
            writer = JSONWriter(str(path))
            for iteration in (start, start + 1):
                storage.iter = iteration
                storage.put_scalar("lr", iteration / 10, smoothing_hint=False)
                writer.write()
            writer.write()  # nothing new
            writer.close()
    assert read_lines(path) == [{"iteration": i, "lr": i / 10} for i in range(4)]


def test_json_writer_groups_by_iteration(tmp_path):
    with EventStorage() as storage:
        storage.put_scalar("early", 1)
        storage.iter = 4
        storage.put_scalars(a=2, b=3)
        writer = JSONWriter(str(tmp_path / "metrics.json"))
        writer.write()
        writer.close()
    assert read_lines(tmp_path / "metrics.json") == [
        {"early": 1.0, "iteration": 0},
        {"a": 2.0, "b": 3.0, "iteration": 4},
    ]


def test_tensorboard_writer(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    with EventStorage() as storage:
        writer = TensorboardXWriter(str(tmp_path))
        storage.iter = 3
        storage.put_scalar("loss", 1.5)
        writer.write()
        writer.write()
        writer.close()
    events = EventAccumulator(str(tmp_path)).Reload()
    assert [(e.step, e.value) for e in events.Scalars("loss")] == [(3, 1.5)]


def test_metric_printer(caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("detectron2"), "propagate", True)
    with caplog.at_level(logging.INFO), EventStorage(9) as storage:
        printer = CommonMetricPrinter(max_iter=20)
        storage.put_scalars(total_loss=0.25, loss_a=0.125, time=2.0, data_time=0.5, accuracy=0.9)
        storage.put_scalar("lr", 0.001, smoothing_hint=False)
        printer.write()
        assert storage.latest()["eta_seconds"] == (20.0, 9)
        storage.iter = 20  # the training is complete
        printer.write()
    assert len(caplog.messages) == 1
    line = re.sub(r"\s+", " ", caplog.messages[0]).strip()
    expected = (
        "eta: 0:00:20 iter: 9 total_loss: 0.25 loss_a: 0.125 time: 2.0000 last_time: 2.0000 "
        "data_time: 0.5000 last_data_time: 0.5000 lr: 0.001"
    )
    assert line.split(" max_mem")[0] == expected


def test_metric_printer_without_times(caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("detectron2"), "propagate", True)
    with caplog.at_level(logging.INFO), EventStorage(0):
        printer = CommonMetricPrinter(max_iter=10)
        printer.write()
    assert "eta" not in caplog.messages[0]
    assert "lr: N/A" in caplog.messages[0]
