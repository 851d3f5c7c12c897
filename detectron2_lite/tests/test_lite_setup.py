"""What training scripts begin with: arguments and set-up."""

import argparse
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import yaml

import detectron2
from detectron2.config import get_cfg
from detectron2.engine import default_argument_parser, default_setup

IS_LITE = "lite" in detectron2.__version__


def test_argument_parser():
    args = default_argument_parser().parse_args(
        ["--config-file", "a.yaml", "--resume", "--num-gpus", "2", "SEED", "3", "VIS_PERIOD", "1"]
    )
    assert args.opts == ["SEED", "3", "VIS_PERIOD", "1"]
    assert (args.config_file, args.resume, args.num_gpus) == ("a.yaml", True, 2)
    defaults = vars(default_argument_parser().parse_args([]))
    url = defaults.pop("dist_url")
    assert url.startswith("tcp://127.0.0.1:") and 49152 <= int(url.rsplit(":", 1)[1]) < 65536
    assert defaults == {
        "config_file": "",
        "resume": False,
        "eval_only": False,
        "num_gpus": 1,
        "num_machines": 1,
        "machine_rank": 0,
        "opts": [],
    }


@pytest.fixture
def restored_loggers():
    loggers = [logging.getLogger(name) for name in ("detectron2", "fvcore")]
    before = [(list(logger.handlers), logger.propagate, logger.level) for logger in loggers]
    yield
    for logger, (handlers, propagate, level) in zip(loggers, before, strict=True):
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)


def test_default_setup(tmp_path, restored_loggers):
    cfg = get_cfg()
    cfg.OUTPUT_DIR = str(tmp_path / "out")
    cfg.SEED = 11
    default_setup(cfg, argparse.Namespace(config_file="", eval_only=False))
    first = torch.rand(1)
    default_setup(cfg, argparse.Namespace(config_file="", eval_only=False))
    assert torch.equal(torch.rand(1), first)
    written = yaml.safe_load((Path(cfg.OUTPUT_DIR) / "config.yaml").read_text())
    assert written["SEED"] == 11
    log = (Path(cfg.OUTPUT_DIR) / "log.txt").read_text()
    assert "Rank of current process: 0. World size: 1" in log
    assert sys.version.split()[0] in log


def import_detectron2(module: str, folder: Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", "import detectron2, detectron2.config"],
        env={**os.environ, "DETECTRON2_ENV_MODULE": module},
        cwd=folder,
        capture_output=True,
        text=True,
    )


def test_the_environment_module_is_set_up_once(tmp_path):
    (tmp_path / "mine.py").write_text("def setup_environment():\n    print('set up')\n")
    for module in (str(tmp_path / "mine.py"), "mine"):
        assert import_detectron2(module, tmp_path).stdout == "set up\n"


def test_environment_modules_that_cannot_be_set_up(tmp_path):
    (tmp_path / "empty.py").write_text("")
    for module in ("none.py", "no_module", "empty.py"):
        done = import_detectron2(module, tmp_path)
        last = done.stderr.splitlines()[-1]
        assert done.returncode == 1 and module.partition(".")[0] in last
        assert not IS_LITE or f"DETECTRON2_ENV_MODULE names {module}" in last
