import collections
import os
import pickle

import numpy as np
import pytest
import torch

from adaanchor_d2.engine.weight_files import (
    read_pickled_arrays,
    read_tensors,
    write_atomically,
)
from adaanchor_d2.errors import InputError


class Payload:
    """Creates a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_payload_in_pth_is_not_run(tmp_path):
    path, mark = str(tmp_path / "weights.pth"), str(tmp_path / "mark")
    torch.save({"model": {"weight": torch.zeros(2)}, "extra": Payload(mark)}, path)
    with pytest.raises(InputError, match=r"weights\.pth was not loaded .*run code"):
        read_tensors(path)
    assert not os.path.exists(mark)
    torch.load(path, weights_only=False)
    assert os.path.exists(mark), "the payload was a dud, so this test shows nothing"


@pytest.mark.parametrize("protocol", range(6))
def test_payload_in_pkl_is_not_run(tmp_path, protocol):
    path, mark = str(tmp_path / "weights.pkl"), str(tmp_path / "mark")
    with open(path, "wb") as file:
        pickle.dump({"model": {"weight": Payload(mark)}}, file, protocol)
    with pytest.raises(InputError, match=r"weights\.pkl was not loaded .*mkdir"):
        read_pickled_arrays(path)
    assert not os.path.exists(mark)
    with open(path, "rb") as file:
        pickle.load(file)
    assert os.path.exists(mark), "the payload was a dud, so this test shows nothing"


@pytest.mark.parametrize(
    "content",
    [
        b"cbuiltins\neval\n(S'1'\ntR.",
        b"cnumpy\nload\n(S'x'\ntR.",
        b"c_codecs\nencode\n(Vx\nVzip\ntR.",
    ],
)
def test_other_functions_are_refused(tmp_path, content):
    path = tmp_path / "weights.pkl"
    path.write_bytes(content)
    with pytest.raises(InputError, match="was not loaded because it asks for"):
        read_pickled_arrays(str(path))


@pytest.mark.parametrize("protocol", range(6))
def test_reads_arrays_of_every_protocol(tmp_path, protocol):
    data = {
        "model": collections.OrderedDict(
            weight=np.arange(6, dtype=np.float32).reshape(2, 3),
            transposed=np.asfortranarray(np.arange(6.0).reshape(2, 3)),
            scalar=np.float64(3.5),
            empty=np.zeros((0, 4), dtype=np.int64),
        ),
        "__author__": "somebody",
        "flags": [True, None, (1, 2.5), {3}, b"bytes"],
    }
    path = str(tmp_path / "weights.pkl")
    with open(path, "wb") as file:
        pickle.dump(data, file, protocol)
    loaded = read_pickled_arrays(path)
    assert loaded["flags"] == data["flags"] and loaded["__author__"] == "somebody"
    for key, value in data["model"].items():
        assert loaded["model"][key].dtype == value.dtype
        np.testing.assert_array_equal(loaded["model"][key], value)


@pytest.mark.parametrize("other", [("numpy._core", "numpy.core"), ("numpy.core", "numpy._core")])
def test_reads_arrays_of_both_numpy_generations(tmp_path, other):
    content = pickle.dumps({"weight": np.arange(3)}, protocol=0)
    path = tmp_path / "weights.pkl"
    path.write_bytes(content.replace(*(name.encode() for name in other)))
    np.testing.assert_array_equal(read_pickled_arrays(str(path))["weight"], np.arange(3))


@pytest.mark.parametrize("kept", [0.0, 0.3, 0.95])
def test_truncated_files_are_named(tmp_path, kept):
    for name, read in (("weights.pth", read_tensors), ("weights.pkl", read_pickled_arrays)):
        path = tmp_path / name
        if name.endswith(".pth"):
            torch.save({"weight": torch.zeros(1000)}, path)
        else:
            path.write_bytes(pickle.dumps({"weight": np.zeros(1000)}))
        path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])
        with pytest.raises(InputError, match=rf"{name} is damaged, truncated") as caught:
            read(str(path))
        assert "\n" not in str(caught.value)


def test_missing_file_is_named(tmp_path):
    for read in (read_tensors, read_pickled_arrays):
        with pytest.raises(InputError, match="nowhere.bin cannot be read: No such file"):
            read(str(tmp_path / "nowhere.bin"))


def test_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "weights.pth"
    path.write_bytes(b"old")

    def write_half(file):
        file.write(b"half of the new")
        raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError, match="disk is full"):
        write_atomically(str(path), write_half)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["weights.pth"]
    write_atomically(str(path), lambda file: file.write(b"new"))
    assert path.read_bytes() == b"new"


def test_reader_never_sees_a_part(tmp_path):
    path = tmp_path / "weights.pth"
    path.write_bytes(b"old")
    seen = []

    def write(file):
        file.write(b"new")
        file.flush()
        seen.append(path.read_bytes())

    write_atomically(str(path), write)
    assert seen == [b"old"]
