"""What all tests share, those of detectron2_lite included."""

import logging

import pytest


@pytest.fixture(autouse=True)
def logging_as_before():
    """Take back what a test's training runs did to the loggers.

    Loggers that do not propagate would be captured twice by the next test's ``caplog``.
    """
    loggers = [logging.getLogger(name) for name in ("adaanchor_d2", "detectron2", "fvcore")]
    before = [(logger.handlers[:], logger.level) for logger in loggers]
    yield
    for logger, (handlers, level) in zip(loggers, before, strict=True):
        logger.handlers = [h for h in handlers if not _belongs_to_caplog(h)]
        logger.setLevel(level)
        logger.propagate = True


def _belongs_to_caplog(handler: logging.Handler) -> bool:
    return "LogCapture" in type(handler).__name__
