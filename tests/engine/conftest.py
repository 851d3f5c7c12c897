"""Fixtures of the engine's tests."""

import logging

import pytest
from engine.stand_in import stand_in_config


@pytest.fixture
def cfg(tmp_path):
    """A function that returns a config of the stand-in model, with output in ``tmp_path``."""
    return lambda *options: stand_in_config(tmp_path, *options)


@pytest.fixture(autouse=True)
def records_reach_caplog():
    """Let records reach pytest's ``caplog``, whatever an earlier set-up said."""
    for name in ("adaanchor_d2", "detectron2", "fvcore"):
        logging.getLogger(name).propagate = True
