"""Fixtures of the engine's tests."""

import logging

import pytest
from engine.stand_in import stand_in_config


@pytest.fixture
def cfg(tmp_path):
    """A function that returns a config of the stand-in model, with output in ``tmp_path``."""
    return lambda *options: stand_in_config(tmp_path, *options)


@pytest.fixture(autouse=True)
def loggers():
    """Let records reach pytest's ``caplog``; take away what a test sets up."""
    loggers = [logging.getLogger(name) for name in ("adaanchor_d2", "detectron2", "fvcore")]
    before = [(logger.handlers[:], logger.level) for logger in loggers]
    for logger in loggers:
        logger.propagate = True
    yield
    for logger, (handlers, level) in zip(loggers, before, strict=True):
        logger.handlers = handlers
        logger.setLevel(level)
