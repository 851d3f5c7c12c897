"""Training processes, with a script in place of train_net.py."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from adaanchor_d2.errors import InputError
from adaanchor_d2.experiments import training
from adaanchor_d2.experiments.training import TrainingRun, gpu_of_slot, train_runs

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import json, os, sys, time
folder, mode = sys.argv[sys.argv.index("OUTPUT_DIR") + 1], sys.argv[-1]
log = os.path.join(os.path.dirname(folder), "order.txt")
open(log, "a").write(f"+{mode}\\n")
if mode == "fail":
    sys.exit("error: MODEL.X is wrong.")
time.sleep(0.3 if mode != "slow" else 1.0)
open(os.path.join(folder, "metrics.json"), "w").write(
    json.dumps({"iteration": 9, "total_loss": 0.5, "threads": int(os.environ["OMP_NUM_THREADS"])}))
open(log, "a").write(f"-{mode}\\n")
"""


@pytest.fixture
def train(tmp_path, monkeypatch):
    """Train runs that are told apart by their last option; returns seconds and the order."""
    monkeypatch.setattr(training, "POLL_SECONDS", 0.02)
    script = tmp_path / "train_net.py"
    script.write_text(SCRIPT)

    def run(*modes: str, num_jobs: int = 2):
        runs = [TrainingRun(m, "config.yaml", ["MODE", m], tmp_path / "out" / m) for m in modes]
        (tmp_path / "out").mkdir(exist_ok=True)
        return train_runs(runs, script, num_jobs)

    return run


def order(tmp_path) -> list[str]:
    return (tmp_path / "out" / "order.txt").read_text().split()


def test_no_more_than_so_many_run_at_a_time(train, tmp_path):
    seconds = train("a", "b", "c", num_jobs=1)
    assert list(seconds) == ["a", "b", "c"] and all(value > 0.2 for value in seconds.values())
    assert order(tmp_path) == ["+a", "-a", "+b", "-b", "+c", "-c"]
    record = json.loads((tmp_path / "out" / "a" / "metrics.json").read_text())
    assert record["threads"] == 1


def test_a_failure_is_one_sentence_after_what_is_under_way(train, tmp_path):
    with pytest.raises(InputError, match=r"Training fail failed: MODEL.X is wrong. \(all of it"):
        train("slow", "fail", "never")
    assert order(tmp_path).count("-slow") == 1 and "+never" not in order(tmp_path)


def start_grid(tmp_path, seconds: int, first: str = "") -> tuple[subprocess.Popen, Path]:
    """A process that trains one run of so many seconds, which is under way, and the run's log."""
    script = tmp_path / "train_net.py"
    script.write_text(f"import os, time\nprint(os.getpid(), flush=True)\ntime.sleep({seconds})\n")
    log = tmp_path / "run" / "output.txt"
    code = (
        f"{first}\n"
        "from pathlib import Path\n"
        "from adaanchor_d2.experiments.training import TrainingRun, train_runs\n"
        f"run = TrainingRun('run', 'config.yaml', [], Path({str(log.parent)!r}))\n"
        f"train_runs([run], Path({str(script)!r}), 1)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    deadline = time.time() + 180
    while not (log.exists() and log.read_text().strip()) and time.time() < deadline:
        time.sleep(0.05)
    return process, log


def test_ending_the_grid_ends_its_trainings(tmp_path):
    process, log = start_grid(tmp_path, seconds=600)
    process.terminate()
    assert process.wait(30) == 128 + signal.SIGTERM
    with pytest.raises(ProcessLookupError):
        os.kill(int(log.read_text()), 0)


def test_a_grid_that_ignores_the_terminals_end_goes_on(tmp_path):
    nohup = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)"
    process, _ = start_grid(tmp_path, seconds=2, first=nohup)
    process.send_signal(signal.SIGHUP)
    assert process.wait(30) == 0


def test_metrics_of_an_earlier_attempt_are_removed(train, tmp_path):
    old = tmp_path / "out" / "fail" / "metrics.json"
    old.parent.mkdir(parents=True)
    old.write_text("{}")
    with pytest.raises(InputError):
        train("fail")
    assert not old.exists()


def test_progress_is_told(train, monkeypatch, capsys):
    monkeypatch.setattr(training, "PROGRESS_SECONDS", 0)
    train("a", "b", num_jobs=1)
    printed = capsys.readouterr().out
    assert "0 of 2 done;  a: starting" in printed and "1 of 2 done;  b: starting" in printed


def test_slots_take_gpus_in_turn(monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert gpu_of_slot(3) == {}
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert [gpu_of_slot(s)["CUDA_VISIBLE_DEVICES"] for s in range(3)] == ["0", "1", "0"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,7")
    assert gpu_of_slot(1) == {"CUDA_VISIBLE_DEVICES": "7"}
