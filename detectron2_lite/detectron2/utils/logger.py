"""Logging to the console and to log.txt."""

import atexit
import functools
import logging
import os
import sys

from termcolor import colored

from detectron2.utils.file_io import PathManager

_DATE_FORMAT = "%m/%d %H:%M:%S"


class _ConsoleFormatter(logging.Formatter):
    """Green time and abbreviated name, red level for warnings and errors."""

    def __init__(self, name: str, abbreviation: str):
        super().__init__(
            colored("[%(asctime)s %(short_name)s]: ", "green") + "%(message)s", datefmt=_DATE_FORMAT
        )
        self._name, self._abbreviation = name, abbreviation

    def format(self, record: logging.LogRecord) -> str:
        rest = record.name.removeprefix(self._name)
        record.short_name = (self._abbreviation + rest).lstrip(".")
        text = super().format(record)
        if record.levelno < logging.WARNING:
            return text
        return colored(record.levelname, "red", attrs=["bold"]) + " " + text


@functools.cache
def setup_logger(
    output: str | None = None,
    distributed_rank: int = 0,
    *,
    color: bool = True,
    name: str = "detectron2",
    abbrev_name: str | None = None,
    enable_propagation: bool = False,
    configure_stdout: bool = True,
) -> logging.Logger:
    """Send the messages of logger ``name`` to the console (process 0) and to a file.

    Repeated calls with the same arguments change nothing.

    Args:
        output: a folder, in which log.txt is written, or a file that ends in .txt or .log; None
            writes no file. Process r > 0 adds ``.rank<r>`` to the name.
        distributed_rank: number of this process.
        color: whether the console gets colours.
        name: logger to set up.
        abbrev_name: what the console prints for ``name``; by default d2 for detectron2.
        enable_propagation: whether messages also go to parent loggers.
        configure_stdout: whether to write to the console at all.
    """
    logger = logging.getLogger(name)
    logger.setLevel(logging.DEBUG)
    logger.propagate = enable_propagation
    if abbrev_name is None:
        abbrev_name = "d2" if name == "detectron2" else name
    plain = logging.Formatter(
        "[%(asctime)s] %(name)s %(levelname)s: %(message)s", datefmt=_DATE_FORMAT
    )
    if configure_stdout and distributed_rank == 0:
        formatter = _ConsoleFormatter(name, abbrev_name) if color else plain
        _add_handler(logger, sys.stdout, formatter)
    if output is not None:
        is_file = output.endswith((".txt", ".log"))
        path = output if is_file else os.path.join(output, "log.txt")
        if distributed_rank > 0:
            path += f".rank{distributed_rank}"
        _add_handler(logger, _open_log(path), plain)
    return logger


def _add_handler(logger: logging.Logger, stream, formatter: logging.Formatter) -> None:
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    logger.addHandler(handler)


@functools.cache
def _open_log(path: str):
    # Cached, so that two loggers with the same file write through one stream.
    PathManager.mkdirs(os.path.dirname(path))
    stream = PathManager.open(path, "a")
    atexit.register(stream.close)
    return stream
