"""Reading and writing of weight files: reading runs no code, writing never leaves half a file."""

import collections
import os
import pickle
import re
from collections.abc import Callable
from typing import IO, Any

import numpy as np
import torch

from ..errors import InputError


class UntrustedFileError(InputError):
    """A weight file holds objects whose loading would run code."""


def read_tensors(path: str, *, memory_map: bool = False, trusted: bool = False) -> Any:
    """Read what ``torch.save`` wrote, tensors and plain containers only, onto the CPU.

    Args:
        path: a local file.
        memory_map: leave the tensors on disk until they are used.
        trusted: load other objects too, which runs code from the file.

    Raises:
        UntrustedFileError: the file holds objects whose loading would run code.
        InputError: the file is damaged, or holds objects of a Python module that is not here.
    """
    try:
        return torch.load(
            path, map_location="cpu", weights_only=not trusted, mmap=memory_map or None
        )
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise InputError(f"Weight file {path} cannot be read: {error.strerror}.") from None
    except ModuleNotFoundError as error:
        raise InputError(
            f"Weight file {path} holds objects of the Python module {error.name!r}, which is not "
            "installed."
        ) from None
    except AttributeError as error:  # "Can't get attribute 'X' on <module 'y'>"
        raise InputError(
            f"Weight file {path} holds objects of a class that is not here: {error}."
        ) from None
    except Exception as error:
        if re.search("unsupported (global|class)", str(error), re.IGNORECASE):
            raise UntrustedFileError(
                f"Weight file {path} was not loaded because it holds more than tensors and plain "
                "values: loading it would run code from the file."
            ) from None
        raise InputError(f"Weight file {path} is damaged, truncated or no PyTorch file.") from None


def read_pickled_arrays(path: str) -> dict:
    """Read a ``.pkl`` weight file of Detectron2's model zoo: containers and numpy arrays.

    Python 2 pickles are understood (their strings as latin-1).

    Raises:
        InputError: the file is damaged, no dict, or holds anything else.
    """
    try:
        with open(path, "rb") as file:
            data = _ArrayUnpickler(file, encoding="latin1").load()
    except _RefusedGlobalError as error:
        raise InputError(
            f"Weight file {path} was not loaded because it asks for {error}, and only containers "
            "and numpy arrays are read from a pickle: loading more would run code from the file."
        ) from None
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise InputError(f"Weight file {path} cannot be read: {error.strerror}.") from None
    except Exception:
        raise InputError(f"Weight file {path} is damaged, truncated or no pickle.") from None
    if not isinstance(data, dict):
        raise InputError(f"Weight file {path} holds a {type(data).__name__} instead of a dict.")
    return data


def write_atomically(path: str, write: Callable[[IO[bytes]], None]) -> None:
    """Write a file under a temporary name beside ``path``, then rename it to ``path``.

    Whatever happens, ``path`` holds its old content or all of the new one. After a kill the
    temporary file ``path + ".tmp"`` may stay; the next write of ``path`` replaces it.
    """
    temporary = path + ".tmp"
    try:
        with open(temporary, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise


class _RefusedGlobalError(pickle.UnpicklingError):
    """A pickle asks for a class or function that is not admitted."""


class _FromBuffer:
    """What numpy's ``_frombuffer`` does, as an object that a pickle cannot alter."""

    __slots__ = ()

    def __call__(self, buffer, dtype, shape, order):
        return np.frombuffer(buffer, dtype=dtype).reshape(shape, order=order)


class _Latin1Bytes:
    """How Python 3 writes bytes in pickles of protocol 2: a text and its encoding."""

    __slots__ = ()

    def __call__(self, text, encoding):
        if encoding != "latin1":
            raise _RefusedGlobalError(f"the codec {encoding!r}")
        return text.encode("latin1")


def _admitted_globals() -> dict[tuple[str, str], object]:
    admitted = {
        ("collections", "OrderedDict"): collections.OrderedDict,
        ("numpy", "dtype"): np.dtype,
        ("numpy", "ndarray"): np.ndarray,
        ("_codecs", "encode"): _Latin1Bytes(),
    }
    for module in ("builtins", "__builtin__"):
        for container in (bytearray, bytes, dict, frozenset, list, set, tuple):
            admitted[module, container.__name__] = container
    for core in ("numpy.core", "numpy._core"):  # numpy 1 and numpy 2
        admitted[f"{core}.multiarray", "_reconstruct"] = np.empty(0).__reduce__()[0]
        admitted[f"{core}.multiarray", "scalar"] = np.float32(0).__reduce__()[0]
        admitted[f"{core}.numeric", "_frombuffer"] = _FromBuffer()
    return admitted


class _ArrayUnpickler(pickle.Unpickler):
    """Unpickler that admits containers, numpy arrays, dtypes and scalars."""

    _admitted = _admitted_globals()

    def find_class(self, module: str, name: str) -> object:
        try:
            return self._admitted[module, name]
        except KeyError:
            raise _RefusedGlobalError(f"{module}.{name}") from None
