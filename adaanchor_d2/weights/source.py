"""Reading other people's checkpoints, however they wrapped the weights."""

from dataclasses import dataclass

from torch import Tensor, nn

from ..engine.weight_files import UntrustedFileError, read_tensors
from ..errors import InputError

WRAPPERS = ("state_dict", "model")
PARALLEL_PREFIX = "module."


@dataclass
class SourceWeights:
    """The weights of a file.

    Attributes:
        path: of the file.
        weights: {key: value}, without the prefix of a parallel wrapper.
        other_entries: names of what else the file holds (optimizer, epoch, ...).
    """

    path: str
    weights: dict[str, Tensor]
    other_entries: list[str]


def read_source(path: str, *, trusted: bool = False) -> SourceWeights:
    """Read a checkpoint: a plain dict of weights, or one below ``state_dict`` or ``model``.

    Args:
        path: a local file.
        trusted: also load files that hold other Python objects, which runs code from them.

    Raises:
        InputError: the file cannot be read, would run code, or holds no dict of weights.
    """
    try:
        content = read_tensors(path, trusted=trusted)
    except UntrustedFileError as error:
        sentence = str(error).rstrip(".")
        raise InputError(f"{sentence}; --trust loads it all the same.") from None
    weights, other_entries = _unwrap(content)
    if not isinstance(weights, dict) or not weights:
        raise InputError(f"Weight file {path} holds no dict of weights.")
    for key, value in weights.items():
        if not isinstance(key, str):
            raise InputError(f"Weight file {path} names a weight {key!r}, which is no string.")
        if not isinstance(value, Tensor):
            raise InputError(
                f"Weight file {path} holds a {type(value).__name__} instead of a weight under "
                f"{key!r}."
            )
    if all(key.startswith(PARALLEL_PREFIX) for key in weights):
        weights = {key.removeprefix(PARALLEL_PREFIX): value for key, value in weights.items()}
    return SourceWeights(path, weights, other_entries)


def _unwrap(content) -> tuple[object, list[str]]:
    """Return the innermost dict of weights, and the names of the entries beside it."""
    for wrapper in WRAPPERS:
        inner = content.get(wrapper) if isinstance(content, dict) else None
        if isinstance(inner, nn.Module):
            inner = inner.state_dict()
        if isinstance(inner, dict):
            return inner, sorted(str(key) for key in content if key != wrapper)
    return content, []
