"""Loggers and seeds."""

import logging
import random

import numpy as np
import pytest
import torch

from detectron2.utils.env import seed_all_rng
from detectron2.utils.logger import setup_logger


def test_log_file(tmp_path, capsys):
    name = f"lite_test_{random.getrandbits(64)}"
    logger = setup_logger(str(tmp_path / "logs"), name=name, color=False)
    assert setup_logger(str(tmp_path / "logs"), name=name, color=False) is logger
    assert len(logger.handlers) == 2
    logging.getLogger(f"{name}.part").warning("careful")
    printed = capsys.readouterr().out
    written = (tmp_path / "logs/log.txt").read_text()
    assert written == printed
    assert f"{name}.part WARNING: careful" in written


def test_other_processes_write_their_own_file_only(tmp_path, capsys):
    name = f"lite_test_{random.getrandbits(64)}"
    setup_logger(str(tmp_path / "some.txt"), distributed_rank=2, name=name).info("hello")
    assert capsys.readouterr().out == ""
    assert "hello" in (tmp_path / "some.txt.rank2").read_text()


def test_console_abbreviates_names(capsys):
    name = f"lite_test_{random.getrandbits(64)}"
    setup_logger(name=name, abbrev_name="lt")
    logging.getLogger(f"{name}.part").info("hello")
    logging.getLogger(f"{name}.part").error("trouble")
    printed = capsys.readouterr().out
    assert "lt.part]: " in printed
    assert name not in printed
    assert "ERROR" in printed


def draw():
    return random.random(), np.random.rand(), torch.rand(1).item()


@pytest.mark.parametrize("seed", [0, 123])
def test_seed_all_rng(seed):
    seed_all_rng(seed)
    first = draw()
    assert draw() != first
    seed_all_rng(seed)
    assert draw() == first


def test_random_seeds_differ():
    seed_all_rng(None)
    first = draw()
    seed_all_rng(None)
    assert draw() != first
