import os

import pytest

from adaanchor_d2.engine import load_config
from adaanchor_d2.errors import InputError


@pytest.fixture
def write(tmp_path):
    """A function that writes a yaml file and returns its path."""

    def write_file(text, name="leaf.yaml"):
        path = tmp_path / name
        path.write_text(text)
        return str(path)

    return write_file


def test_reads_bases_and_options_and_freezes(write):
    write("SOLVER:\n  MAX_ITER: 7\n  OPTIMIZER: AdamW\nVERSION: 2\n", "base.yaml")
    leaf = write("_BASE_: base.yaml\nSOLVER:\n  MAX_ITER: 8\n")
    cfg = load_config(leaf, ["SOLVER.BASE_LR", "0.5"])
    assert (cfg.SOLVER.MAX_ITER, cfg.SOLVER.OPTIMIZER, cfg.SOLVER.BASE_LR) == (8, "AdamW", 0.5)
    assert cfg.is_frozen()


@pytest.mark.parametrize(
    "text, sentence",
    [
        ("SOLVER:\n  MAX_ITR: 3", "Unknown config key SOLVER.MAX_ITR in config file .*leaf.yaml; "
         "did you mean SOLVER.MAX_ITER?"),
        ("SOLVR:\n  MAX_ITER: 3", "Unknown config key SOLVR in .*did you mean SOLVER?"),
        ("SOLVER:\n  MAX_ITER: many", "SOLVER.MAX_ITER in config file .*leaf.yaml takes a value of "
         "type int, not 'many'"),
        ("SOLVER:\n  MAX_ITER: [1", r"leaf.yaml is no valid yaml \(line "),
        ("- SOLVER", "leaf.yaml holds no config keys"),
        ("", "leaf.yaml holds no config keys"),
        ("_BASE_: other.yaml", r"other.yaml cannot be read: No such file"),
        ("_BASE_: leaf.yaml", r"leaf.yaml builds on itself"),
    ],
)  # fmt: skip
def test_mistakes_in_a_file(write, text, sentence):
    with pytest.raises(InputError, match=sentence.replace("?", r"\?")) as caught:
        load_config(write(text))
    assert "\n" not in str(caught.value)


def test_two_bases_may_share_a_base(write):
    write("SOLVER:\n  MAX_ITER: 7\nVERSION: 2\n", "root.yaml")
    write("_BASE_: root.yaml\nSOLVER:\n  OPTIMIZER: AdamW\n", "left.yaml")
    write("_BASE_: root.yaml\nSOLVER:\n  BASE_LR: 0.5\n", "right.yaml")
    cfg = load_config(write("_BASE_: [left.yaml, right.yaml]\nSEED: 3\n"))
    assert (cfg.SOLVER.MAX_ITER, cfg.SOLVER.OPTIMIZER, cfg.SOLVER.BASE_LR) == (7, "AdamW", 0.5)


def test_a_cycle_through_a_folder_is_refused(write, tmp_path):
    (tmp_path / "sub").mkdir()
    write("_BASE_: ../leaf.yaml\n", "sub/base.yaml")
    with pytest.raises(InputError, match=r"leaf.yaml builds on itself"):
        load_config(write("_BASE_: sub/base.yaml\n"))


def test_the_file_at_fault_is_named_not_the_one_given(write):
    write("SOLVER:\n  MAX_ITR: 7\n", "base.yaml")
    with pytest.raises(InputError, match=r"SOLVER.MAX_ITR in config file \S*base.yaml;"):
        load_config(write("_BASE_: base.yaml\nSOLVER:\n  MAX_ITER: 8\n"))


@pytest.mark.parametrize(
    "options, sentence",
    [
        (["SOLVER.BASE_LRR", "1.0"], "SOLVER.BASE_LRR in the command line; did you mean "
         "SOLVER.BASE_LR?"),
        (["SOLVER.BASE_LR", "fast"], "SOLVER.BASE_LR in the command line takes a value of type "
         "float, not 'fast'"),
        (["SOLVER.BASE_LR.X", "1"], "Unknown config key SOLVER.BASE_LR.X in the command line: "
         "SOLVER.BASE_LR is a value"),
        (["SOLVER.OPTIMIZER.A", "1"], "SOLVER.OPTIMIZER is a value"),
        (["SOLVER", "1"], "Config key SOLVER in the command line is a section of keys"),
        (["SOLVER.BASE_LR"], "must be pairs KEY VALUE"),
        (["SOLVER.BASE_LR", "1", "--limt", "3"], "^--limt is no flag of this command"),
    ],
)  # fmt: skip
def test_mistakes_in_options(options, sentence):
    with pytest.raises(InputError, match=sentence.replace("?", r"\?")):
        load_config("", options)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match="nowhere.yaml cannot be read: No such file"):
        load_config(str(tmp_path / "nowhere.yaml"))


def test_folder_is_named(tmp_path):
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        load_config(str(tmp_path))


@pytest.mark.parametrize("place", ["leaf", "base"])
def test_payload_in_yaml_is_not_run(write, tmp_path, place):
    mark = tmp_path / "mark"
    payload = f"OUTPUT_DIR: !!python/object/apply:os.mkdir ['{mark}']\n"
    path = write(payload)
    if place == "base":
        path = write("_BASE_: leaf.yaml\n", "other.yaml")
    with pytest.raises(InputError, match=r"leaf.yaml was refused.*line 1"):
        load_config(path)
    assert not os.path.exists(mark)
