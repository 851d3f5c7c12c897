"""What all tests share, those of detectron2_lite included."""

import logging

import pytest


@pytest.fixture(autouse=True)
def logging_as_before():
    """Take back what a test's training runs did to the loggers (handlers, level, propagation)."""
    loggers = [logging.getLogger(name) for name in ("adaanchor_d2", "detectron2", "fvcore")]
    before = [(logger.handlers[:], logger.level, logger.propagate) for logger in loggers]
    yield
    for logger, (handlers, level, propagate) in zip(loggers, before, strict=True):
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)
