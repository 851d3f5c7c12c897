"""Types of command-line arguments, for argparse's ``type``: each refuses what it cannot mean."""

import argparse
import os
from pathlib import Path


def threshold(text: str) -> float:
    """A score from 0 to 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"must be a number from 0 to 1, not {text}")
    return value


def count(text: str) -> int:
    """A whole number of at least 1."""
    value = int(text) if text.isdecimal() else 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1, not {text}")
    return value


def count_or_none(text: str) -> int:
    """A whole number; 0 for none."""
    return 0 if text == "0" else count(text)


def output_folder(text: str) -> Path:
    """A folder that is there and can be written, or can be made. Nothing is made yet."""
    path = Path(text)
    there = next(place for place in (path, *path.absolute().parents) if place.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        reason = "is no folder" if not there.is_dir() else "cannot be written"
        raise argparse.ArgumentTypeError(f"cannot be {text}, because {there} {reason}")
    return path


def output_file(text: str) -> Path:
    """A file in a folder that can be written or made. Nothing is made yet."""
    path = Path(text)
    output_folder(str(path.parent))
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"cannot be {text}, because that is a folder")
    return path
