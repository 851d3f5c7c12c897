"""``train_net.py`` as processes: what a user sees, after a kill too."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from detectron2.engine import default_argument_parser
from engine.stand_in import read_losses, stand_in_options
from engine.stand_in_train_net import CommandTrainer

from adaanchor_d2.engine.setup import run
from adaanchor_d2.errors import run_command

REPOSITORY = Path(__file__).resolve().parents[2]
STAND_IN = Path(__file__).with_name("stand_in_train_net.py")
TIMEOUT = 90


def start(script, *arguments, data=""):
    path = os.pathsep.join([str(REPOSITORY / "tests"), str(REPOSITORY), *filter(None, sys.path)])
    environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "STAND_IN_DATA": data}
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", str(script), *(str(argument) for argument in arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )


def finish(process):
    """Return (exit status, stdout, stderr)."""
    try:
        output, errors = process.communicate(timeout=TIMEOUT)
    finally:
        process.kill()
    return process.returncode, output, errors


def test_unknown_key_is_one_sentence():
    status, _, errors = finish(start(REPOSITORY / "train_net.py", "SOLVER.MAX_ITR", "3"))
    assert status == 2
    assert errors.splitlines() == [
        "error: Unknown config key SOLVER.MAX_ITR in the command line; "
        "did you mean SOLVER.MAX_ITER?"
    ]


def test_non_finite_loss_in_one_of_two_processes_stops_both(tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("STAND_IN_DATA", "nan")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    words = ["--num-gpus", 2, "--dist-url", "auto", *stand_in_options(tmp_path)]
    words = [str(word) for word in [*words, "SOLVER.CHECKPOINT_PERIOD", 1]]
    arguments = default_argument_parser().parse_args(words)
    with pytest.raises(SystemExit) as caught:
        run_command(lambda: run(arguments, CommandTrainer))
    output, errors = capfd.readouterr()
    assert caught.value.code == 2 and "Traceback" not in errors + output
    (sentence,) = (line for line in errors.splitlines() if line.startswith("error: "))
    for part in ("loss_square", "iteration 1", "process 1 of 2", "image_6.jpg, image_7.jpg:"):
        assert part in sentence
    assert (tmp_path / "last_checkpoint").read_text() == "model_0000000.pth"
    assert not (tmp_path / "model_0000001.pth").exists()
    for log in ("log.txt", "log.txt.rank1"):
        assert "Traceback" not in (tmp_path / log).read_text()


def test_missed_expectations_of_two_processes_are_one_sentence(tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    words = ["--num-gpus", 2, "--dist-url", "auto", *stand_in_options(tmp_path)]
    words += ["SOLVER.MAX_ITER", 1, "TEST.EXPECTED_RESULTS", [["keypoints", "AP", 1e6, 1.0]]]
    arguments = default_argument_parser().parse_args([str(word) for word in words])
    with pytest.raises(SystemExit) as caught:
        run_command(lambda: run(arguments, CommandTrainer))
    output, errors = capfd.readouterr()
    assert caught.value.code == 2 and "Traceback" not in errors + output
    assert "error: TEST.EXPECTED_RESULTS was missed: keypoints/AP is" in errors


def test_killed_run_resumes_to_the_end(tmp_path):
    settings = [
        *stand_in_options(tmp_path),
        *("SOLVER.MAX_ITER", 60, "SOLVER.CHECKPOINT_PERIOD", 1, "SOLVER.STEPS", (50,)),
    ]
    process = start(STAND_IN, *settings, data="slow")
    wait_for(tmp_path / "model_0000009.pth", process)
    process.kill()
    status, _, errors = finish(process)
    assert status == -signal.SIGKILL and not (tmp_path / "model_final.pth").exists(), errors
    # As if the kill had come while a checkpoint was written.
    last = (tmp_path / "last_checkpoint").read_text()
    (tmp_path / "model_0000059.pth.tmp").write_bytes(b"half a file")

    status, output, errors = finish(start(STAND_IN, "--resume", *settings))
    assert status == 0, errors
    next_iteration = int(last.removeprefix("model_").removesuffix(".pth")) + 1
    expected = f"Resumed from {tmp_path}/{last}: going on at iteration {next_iteration} of 60"
    assert expected in output
    assert 9 <= next_iteration < 60  # 9: killed between the file and its entry in last_checkpoint
    assert (tmp_path / "last_checkpoint").read_text() == "model_final.pth"
    assert not list(tmp_path.glob("*.tmp"))
    assert sorted({iteration for iteration, _ in read_losses(tmp_path)}) == list(range(60))


def wait_for(path, process):
    deadline = time.monotonic() + TIMEOUT
    while not path.exists():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline, f"{path} did not appear"
        time.sleep(0.01)
