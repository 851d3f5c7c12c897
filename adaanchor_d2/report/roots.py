"""Where a run's data lie: a folder ``datasets`` beside the runs, or the data root."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..data.datasets.builtin import data_root
from ..data.datasets.register import check_dataset_files
from ..errors import InputError

_VARIABLE = "DETECTRON2_DATASETS"
# The quick start keeps its data beside its runs, a grid of seeds one level further up.
_LEVELS_UP = 2


@contextmanager
def data_root_of(folder: Path, data_set: str) -> Iterator[None]:
    """Have the data set looked for in ``datasets`` beside the run in ``folder``.

    Where it is not there, the data root stays as it is.
    """
    before = os.environ.get(_VARIABLE)
    own = [str(above / "datasets") for above in folder.resolve().parents[:_LEVELS_UP]]
    roots = [*own, data_root()]
    try:
        os.environ[_VARIABLE] = next((root for root in roots if _has(root, data_set)), roots[-1])
        yield
    finally:
        if before is None:
            del os.environ[_VARIABLE]
        else:
            os.environ[_VARIABLE] = before


def _has(root: str, data_set: str) -> bool:
    os.environ[_VARIABLE] = root
    try:
        check_dataset_files(data_set)
    except InputError:
        return False
    return True
