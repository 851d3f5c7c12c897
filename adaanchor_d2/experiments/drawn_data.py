"""A synthetic data set that belongs to a grid of runs: drawn once, then the same for all."""

import json
from collections.abc import Callable
from pathlib import Path

from ..errors import InputError


def draw_once(write_data: Callable[..., None], folder: Path, **arguments) -> bool:
    """Draw a data set unless it is there; return whether it was drawn.

    What was drawn is noted beside the folder, in ``<folder>.json``.

    Args:
        write_data: called with the folder, the arguments and ``overwrite``.
        arguments: what determines the data (and ``workers``, which does not).

    Raises:
        InputError: the folder holds something else.
    """
    note = folder.with_name(f"{folder.name}.json")
    wanted = {key: value for key, value in arguments.items() if key != "workers"}
    if folder.exists():
        _check_note(note, folder, wanted)
        return False
    write_data(folder, **arguments)
    note.write_text(json.dumps(wanted) + "\n")
    return True


def _check_note(note: Path, folder: Path, wanted: dict) -> None:
    there = json.loads(note.read_text()) if note.is_file() else None
    if there == wanted:
        return
    described = "other data" if there is None else f"data drawn with {_describe(there)}"
    raise InputError(
        f"{folder} holds {described}, but {_describe(wanted)} is asked for: name another "
        "--output-dir, or remove that folder."
    )


def _describe(arguments: dict) -> str:
    return ", ".join(f"{key} {value}" for key, value in arguments.items())
