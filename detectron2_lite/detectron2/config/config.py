"""Configs: yaml files with ``_BASE_``, and construction of objects from them."""

import functools
import inspect
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fvcore.common.config import CfgNode as _CfgNode

from detectron2.utils.file_io import PathManager
from detectron2.utils.registry import only_in_detectron2

# Sections of MODEL that configure models which only Detectron2 has.
_SECTIONS_OF_DETECTRON2 = (
    "ANCHOR_GENERATOR FPN PANOPTIC_FPN PROPOSAL_GENERATOR RESNETS RETINANET ROI_BOX_CASCADE_HEAD "
    "ROI_BOX_HEAD ROI_HEADS ROI_KEYPOINT_HEAD ROI_MASK_HEAD RPN SEM_SEG_HEAD"
).split()


class CfgNode(_CfgNode):
    """A node of the config: attribute access, ``_BASE_`` in files, freezing, typed merges.

    Yaml is read with the safe loader only. A key that the config does not have raises KeyError.
    """

    @classmethod
    def _open_cfg(cls, filename: str):
        return PathManager.open(filename, "r")

    @classmethod
    def load_yaml_with_base(cls, filename: str, allow_unsafe: bool = False) -> dict:
        """Read a yaml file and, below it, the files named by its ``_BASE_``."""
        if allow_unsafe:
            raise ValueError(
                f"detectron2_lite reads yaml only with the safe loader, so {filename} cannot be "
                "loaded with allow_unsafe=True."
            )
        return super().load_yaml_with_base(filename)

    def merge_from_other_cfg(self, cfg_other: _CfgNode) -> None:
        """Merge another config into this one; its keys must exist here, with the same types."""
        version = cfg_other.get("VERSION", self.get("VERSION"))
        assert version == self.get("VERSION"), (
            f"The config is of version {version}; detectron2_lite reads version "
            f"{self.get('VERSION')} only."
        )
        with _naming_detectron2():
            super().merge_from_other_cfg(cfg_other)

    def merge_from_list(self, cfg_list: list) -> None:
        """Merge ``[key, value, key, value, ...]`` with dotted keys, as from a command line."""
        with _naming_detectron2():
            super().merge_from_list(cfg_list)


@contextmanager
def _naming_detectron2() -> Iterator[None]:
    """Where a missing key is one of Detectron2's models, say so instead."""
    try:
        yield
    except (AssertionError, KeyError) as error:
        found = re.search(r"Non-existent (?:config )?key: (MODEL\.(\w+)[.\w]*)", str(error))
        if found and found.group(2) in _SECTIONS_OF_DETECTRON2:
            raise only_in_detectron2(f"The config key {found.group(1)}") from error
        raise


def get_cfg() -> CfgNode:
    """Return a new config with all default values."""
    from .defaults import DEFAULTS

    return DEFAULTS.clone()


def configurable(init_func: Callable | None = None, *, from_config: Callable | None = None):
    """Let a class or function also be called with a config.

    On ``__init__``, the class must have a classmethod ``from_config(cls, cfg, ...)`` that returns
    the keyword arguments; then ``Class(cfg)`` equals ``Class(**Class.from_config(cfg))``. On a
    function use ``@configurable(from_config=function)``. In both, further keyword arguments are
    given to ``from_config`` where it takes them, and else override what it returned.
    """
    if init_func is None:
        assert inspect.isfunction(from_config), "@configurable of a function needs from_config."
        return functools.partial(_configurable_function, from_config)
    is_init = inspect.isfunction(init_func) and init_func.__name__ == "__init__"
    assert is_init and from_config is None, "@configurable decorates __init__ or a function."

    @functools.wraps(init_func)
    def wrapper(self, *args, **kwargs):
        if not inspect.ismethod(getattr(type(self), "from_config", None)):
            raise AttributeError(f"{type(self).__name__} needs a classmethod 'from_config'.")
        if _is_called_with_config(args, kwargs):
            args, kwargs = (), _explicit_arguments(type(self).from_config, args, kwargs)
        init_func(self, *args, **kwargs)

    return wrapper


def _configurable_function(from_config: Callable, function: Callable) -> Callable:
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        if _is_called_with_config(args, kwargs):
            args, kwargs = (), _explicit_arguments(from_config, args, kwargs)
        return function(*args, **kwargs)

    wrapper.from_config = from_config
    return wrapper


def _is_called_with_config(args: tuple, kwargs: dict) -> bool:
    return isinstance(args[0] if args else kwargs.get("cfg"), _CfgNode)


def _explicit_arguments(from_config: Callable, args: tuple, kwargs: dict) -> dict:
    """Call ``from_config`` with what it takes; the other keyword arguments override its result."""
    parameters = inspect.signature(from_config).parameters
    if next(iter(parameters), None) != "cfg":
        raise TypeError(f"{from_config.__qualname__} must take 'cfg' as its first argument.")
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    if any(parameter.kind in variadic for parameter in parameters.values()):
        return from_config(*args, **kwargs)
    accepted = {name: kwargs.pop(name) for name in list(kwargs) if name in parameters}
    return {**from_config(*args, **accepted), **kwargs}
