import os
import pickle

import numpy as np
import pytest
import torch
from torch import nn

from adaanchor_d2.engine import SafeCheckpointer
from adaanchor_d2.engine.ema import ModelEma
from adaanchor_d2.errors import InputError


class Counter:
    """Something with a state."""

    def __init__(self, value=0):
        self.value = value

    def state_dict(self):
        return {"value": self.value}

    def load_state_dict(self, state):
        self.value = state["value"]


def make_model(width=3):
    return nn.Sequential(nn.Linear(2, width), nn.Linear(width, 1))


def states_equal(one, other):
    one, other = one.state_dict(), other.state_dict()
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


def test_saves_and_resumes_everything(tmp_path):
    model = make_model()
    SafeCheckpointer(model, str(tmp_path), counter=Counter(5)).save("model_0000004", iteration=4)
    assert (tmp_path / "last_checkpoint").read_text() == "model_0000004.pth"
    resumed, counter = make_model(), Counter()
    checkpointer = SafeCheckpointer(resumed, str(tmp_path), counter=counter)
    rest = checkpointer.resume_or_load("nowhere.pth", resume=True)
    assert states_equal(model, resumed) and counter.value == 5 and rest["iteration"] == 4


def test_initial_weights_leave_the_training_state(tmp_path):
    SafeCheckpointer(make_model(), str(tmp_path), counter=Counter(5)).save("first")
    counter, model = Counter(), make_model()
    checkpointer = SafeCheckpointer(model, str(tmp_path / "new"), counter=counter)
    checkpointer.resume_or_load(str(tmp_path / "first.pth"), resume=True)
    assert counter.value == 0
    stored = torch.load(tmp_path / "first.pth", weights_only=True)["model"]
    assert torch.equal(model[0].weight, stored["0.weight"])


def test_untagged_file_is_not_the_last_checkpoint(tmp_path):
    checkpointer = SafeCheckpointer(make_model(), str(tmp_path))
    checkpointer.save("model_0000001")
    checkpointer.save_untagged("model_best")
    assert (tmp_path / "model_best.pth").exists()
    assert checkpointer.get_checkpoint_file() == str(tmp_path / "model_0000001.pth")


def test_failed_save_leaves_file_and_tag(tmp_path, monkeypatch):
    checkpointer = SafeCheckpointer(make_model(), str(tmp_path))
    checkpointer.save("model_final")
    content = (tmp_path / "model_final.pth").read_bytes()

    def fail(data, file):
        file.write(b"half")
        raise RuntimeError("power cut")

    monkeypatch.setattr(torch, "save", fail)
    for name in ("model_final", "model_0000009"):
        with pytest.raises(RuntimeError, match="power cut"):
            checkpointer.save(name)
    assert (tmp_path / "model_final.pth").read_bytes() == content
    assert sorted(os.listdir(tmp_path)) == ["last_checkpoint", "model_final.pth"]


def test_leftover_of_a_killed_save_is_removed(tmp_path):
    model = make_model()
    checkpointer = SafeCheckpointer(model, str(tmp_path), counter=Counter())
    checkpointer.save("model_0000001")
    (tmp_path / "model_0000003.pth.tmp").write_bytes(b"half")
    SafeCheckpointer(model, str(tmp_path)).resume_or_load("", resume=True)
    assert (tmp_path / "model_0000003.pth.tmp").exists(), "evaluation must not touch a running save"
    checkpointer.resume_or_load("", resume=True)
    assert not (tmp_path / "model_0000003.pth.tmp").exists()


def test_with_ema_model_is_the_average_and_resuming_restores_both(tmp_path):
    model = make_model()
    ema = ModelEma(model, 0.9)
    for _ in range(3):
        nn.init.normal_(model[0].weight)
        ema.update_parameters(model)
    SafeCheckpointer(model, str(tmp_path), ema=ema, counter=Counter(1)).save("model_final")

    evaluated = make_model()
    SafeCheckpointer(evaluated).load(str(tmp_path / "model_final.pth"))
    assert states_equal(evaluated, ema.module) and not states_equal(evaluated, model)

    resumed = make_model()
    resumed_ema = ModelEma(resumed, 0.9)
    checkpointer = SafeCheckpointer(resumed, str(tmp_path), ema=resumed_ema, counter=Counter())
    checkpointer.resume_or_load("", resume=True)
    assert states_equal(resumed, model) and states_equal(resumed_ema.module, ema.module)
    assert resumed_ema.num_updates == 3

    without_ema = make_model()
    checkpointer = SafeCheckpointer(without_ema, str(tmp_path), counter=Counter())
    checkpointer.resume_or_load("", resume=True)
    assert states_equal(without_ema, model)


@pytest.mark.parametrize("resume", [True, False])
def test_a_new_average_starts_at_the_loaded_weights(tmp_path, resume):
    model = make_model()
    SafeCheckpointer(model, str(tmp_path), counter=Counter(1)).save("model_final")
    loaded = make_model()
    ema = ModelEma(loaded, 0.9)
    checkpointer = SafeCheckpointer(loaded, str(tmp_path), ema=ema, counter=Counter())
    checkpointer.resume_or_load(str(tmp_path / "model_final.pth"), resume=resume)
    assert states_equal(ema.module, model) and ema.num_updates == 0


def test_evaluating_the_last_checkpoint_uses_the_average(tmp_path):
    model = make_model()
    ema = ModelEma(model, 0.9)
    ema.update_parameters(model)
    nn.init.zeros_(model[0].weight)
    SafeCheckpointer(model, str(tmp_path), ema=ema, counter=Counter(1)).save("model_final")
    evaluated = make_model()
    SafeCheckpointer(evaluated, str(tmp_path)).resume_or_load("", resume=True)
    assert states_equal(evaluated, ema.module)


def test_missing_files_are_named(tmp_path):
    checkpointer = SafeCheckpointer(make_model(), str(tmp_path), counter=Counter())
    with pytest.raises(InputError, match=r"There is no checkpoint \S*nowhere.pth"):
        checkpointer.load(str(tmp_path / "nowhere.pth"))
    checkpointer.tag_last_checkpoint("model_0000009.pth")
    with pytest.raises(InputError, match=r"There is no checkpoint \S*model_0000009.pth"):
        checkpointer.resume_or_load("", resume=True)


def test_unreadable_files_are_told_without_names_of_exceptions(tmp_path, monkeypatch):
    (tmp_path / "text.pth").write_text("no checkpoint")
    (tmp_path / "text.pkl").write_text("no checkpoint")
    for name in ("text.pth", "text.pkl"):
        with pytest.raises(InputError, match=r"damaged, truncated or no \w+( file)?\.$"):
            SafeCheckpointer(make_model()).load(str(tmp_path / name))

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    checkpointer = SafeCheckpointer(make_model())
    monkeypatch.setattr(checkpointer, "_load_file", refuse)
    with pytest.raises(InputError, match=r"text.pth cannot be read: Permission denied\.$"):
        checkpointer.load(str(tmp_path / "text.pth"))


def test_mismatches(tmp_path):
    SafeCheckpointer(make_model(), str(tmp_path), counter=Counter()).save("three")
    path = str(tmp_path / "three.pth")
    wide = SafeCheckpointer(make_model(4))
    with pytest.raises(
        InputError,
        match=r"three.pth does not fit .*: 0.weight is \(3, 2\) in the file but \(4, 2\)",
    ):
        wide.load(path)
    foreign = nn.ModuleDict({"stem": nn.Linear(2, 3)})
    with pytest.raises(
        InputError, match=r"holds no parameter .* 0.weight, .*the model's stem.weig"
    ):
        SafeCheckpointer(foreign).load(path)

    longer = nn.Sequential(*make_model(), nn.Linear(1, 1))
    # As initial weights Detectron2 logs what is missing; an evaluation would be wrong.
    SafeCheckpointer(longer, counter=Counter()).load(path, checkpointables=[])
    with pytest.raises(InputError, match=r"to be evaluated: missing keys 2\.\w+"):
        SafeCheckpointer(longer).load(path)
    resuming = SafeCheckpointer(longer, str(tmp_path), counter=Counter())
    with pytest.raises(InputError, match=r"another model .*: missing keys 2\.\w+, 2\.\w+\."):
        resuming.resume_or_load("", resume=True)
    shorter = nn.Sequential(make_model()[0])
    SafeCheckpointer(shorter, counter=Counter()).load(path, checkpointables=[])
    resuming = SafeCheckpointer(shorter, str(tmp_path), counter=Counter())
    with pytest.raises(InputError, match=r"another model .*: unexpected keys 1\.\w+, 1\.\w+\."):
        resuming.resume_or_load("", resume=True)


def test_weights_alone_cannot_be_resumed(tmp_path):
    SafeCheckpointer(make_model(), str(tmp_path)).save("weights")
    checkpointer = SafeCheckpointer(make_model(), str(tmp_path), trainer=Counter())
    with pytest.raises(InputError, match="weights.pth holds weights only, no 'trainer' state"):
        checkpointer.resume_or_load("", resume=True)


@pytest.mark.parametrize("content", [[1, 2], {"model": [1]}, {"epoch": 3, "state_dict": {}}])
def test_files_without_weights(tmp_path, content):
    path = str(tmp_path / "other.pth")
    torch.save(content, path)
    with pytest.raises(InputError, match=r"other.pth holds (no dict|a value of type int)"):
        SafeCheckpointer(make_model()).load(path)


def test_reads_detectron2_zoo_pickles(tmp_path):
    model = make_model()
    arrays = {key: value.numpy() for key, value in model.state_dict().items()}
    path = str(tmp_path / "zoo.pkl")
    with open(path, "wb") as file:
        pickle.dump({"model": arrays, "__author__": "zoo"}, file)
    loaded = make_model()
    SafeCheckpointer(loaded).load(path)
    assert states_equal(model, loaded)


def test_names_can_be_matched_by_their_ends(tmp_path):
    backbone = nn.Linear(2, 3)
    path = str(tmp_path / "zoo.pkl")
    arrays = {f"stem.{key}": value.numpy() for key, value in backbone.state_dict().items()}
    with open(path, "wb") as file:
        data = {"model": arrays, "__author__": "zoo", "matching_heuristics": True}
        pickle.dump(data, file)
    model = nn.ModuleDict({"backbone": nn.ModuleDict({"stem": nn.Linear(2, 3)})})
    SafeCheckpointer(model).load(path)
    assert torch.equal(model["backbone"]["stem"].weight, backbone.weight)


def test_object_arrays_are_refused(tmp_path):
    path = str(tmp_path / "objects.pkl")
    with open(path, "wb") as file:
        array = np.array([[1], "two"], dtype=object)
        pickle.dump({"model": {"0.weight": array}, "__author__": "zoo"}, file)
    with pytest.raises(InputError, match="instead of a weight under '0.weight'"):
        SafeCheckpointer(make_model()).load(path)


def test_compiled_parts_keep_their_names(tmp_path):
    model = make_model()
    model[0].compile()
    SafeCheckpointer(model, str(tmp_path)).save("compiled")
    stored = torch.load(tmp_path / "compiled.pth", weights_only=True)
    assert list(stored["model"]) == list(make_model().state_dict())
