"""The checkpointer."""

import pickle

import pytest
import torch
from torch import nn

import detectron2
from detectron2.checkpoint import DetectionCheckpointer

IS_LITE = "lite" in detectron2.__version__
only_lite = pytest.mark.skipif(not IS_LITE, reason="what only detectron2_lite does")


class Counter:
    def __init__(self, value=0):
        self.value = value

    def state_dict(self):
        return {"value": self.value}

    def load_state_dict(self, state):
        self.value = state["value"]


def test_save_and_resume(tmp_path):
    model, counter = nn.Linear(2, 1), Counter(7)
    checkpointer = DetectionCheckpointer(model, str(tmp_path), counter=counter)
    assert not checkpointer.has_checkpoint()
    checkpointer.save("model_0000001", iteration=1)
    assert (tmp_path / "last_checkpoint").read_text() == "model_0000001.pth"

    other, other_counter = nn.Linear(2, 1), Counter()
    checkpointer = DetectionCheckpointer(other, str(tmp_path), counter=other_counter)
    assert checkpointer.has_checkpoint()
    assert checkpointer.resume_or_load("ignored.pth", resume=True) == {"iteration": 1}
    assert torch.equal(other.weight, model.weight)
    assert other_counter.value == 7


def test_load_without_resume_takes_the_weights_only(tmp_path):
    model = nn.Linear(2, 1)
    DetectionCheckpointer(model, str(tmp_path), counter=Counter(7)).save("start")
    other, counter = nn.Linear(2, 1), Counter()
    checkpointer = DetectionCheckpointer(other, str(tmp_path / "new"), counter=counter)
    checkpointer.resume_or_load(str(tmp_path / "start.pth"), resume=True)
    assert torch.equal(other.weight, model.weight)
    assert counter.value == 0


def test_empty_path_loads_nothing():
    assert DetectionCheckpointer(nn.Linear(2, 1)).load("") == {}


def test_saves_only_where_told(tmp_path):
    DetectionCheckpointer(nn.Linear(2, 1), str(tmp_path), save_to_disk=False).save("x")
    DetectionCheckpointer(nn.Linear(2, 1)).save("x")
    assert not list(tmp_path.iterdir())


def test_bare_state_dicts_and_prefixes_of_wrapped_models(tmp_path):
    model, path = nn.Linear(2, 1), str(tmp_path / "bare.pth")
    torch.save({f"module.{key}": value for key, value in model.state_dict().items()}, path)
    other = nn.Linear(2, 1)
    DetectionCheckpointer(other).load(path)
    assert torch.equal(other.weight, model.weight)


def test_wrong_shapes_are_left_out(tmp_path):
    path = str(tmp_path / "wrong.pth")
    bias = torch.tensor([3.0])
    torch.save({"model": {"weight": torch.zeros(5, 5), "bias": bias}}, path)
    other = nn.Linear(2, 1)
    before = other.weight.clone()
    DetectionCheckpointer(other).load(path)
    assert torch.equal(other.weight, before)
    assert torch.equal(other.bias, bias)


def test_matching_heuristics(tmp_path):
    """Weights are found by the longest end of the model's names."""
    path = str(tmp_path / "backbone.pth")
    weights = {
        "stem.weight": torch.full((1, 2), 1.0),
        "weight": torch.full((1, 2), 2.0),
        "unused": torch.zeros(1),
    }
    torch.save(weights, path)
    model = nn.ModuleDict(
        {
            "net": nn.ModuleDict({"stem": nn.Linear(2, 1, bias=False)}),
            "head": nn.Linear(2, 1, bias=False),
        }
    )
    DetectionCheckpointer(model).load(path + "?matching_heuristics=True")
    assert model["net"]["stem"].weight.tolist() == [[1.0, 1.0]]
    assert model["head"].weight.tolist() == [[2.0, 2.0]]
    with pytest.raises(ValueError, match="query"):
        DetectionCheckpointer(model).load(path + "?other=1")


class Payload:
    """Runs code when it is unpickled."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        import os

        return os.mkdir, (str(self.marker),)


@only_lite
@pytest.mark.parametrize("name", ["payload.pth", "payload.pkl", "payload.pyth"])
def test_checkpoints_run_no_code(tmp_path, name):
    path, marker = tmp_path / name, tmp_path / "ran"
    if name.endswith(".pkl"):
        path.write_bytes(pickle.dumps({"model": {}, "payload": Payload(marker)}))
    else:
        torch.save({"model": {}, "payload": Payload(marker)}, path)
    with pytest.raises((KeyError, pickle.UnpicklingError)):
        DetectionCheckpointer(nn.Linear(2, 1)).load(str(path))
    assert not marker.exists()
