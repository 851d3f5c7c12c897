"""Configs: yaml files with ``_BASE_``, and construction of objects from them."""

import functools
import inspect
import logging
from collections.abc import Callable, Iterator

from fvcore.common.config import CfgNode as _CfgNode

from detectron2.utils.file_io import PathManager
from detectron2.utils.registry import only_in_detectron2

# Sections that configure models which only Detectron2 has.
_DETECTRON2_SECTIONS = (
    "MODEL.ANCHOR_GENERATOR",
    "MODEL.FPN",
    "MODEL.PANOPTIC_FPN",
    "MODEL.PROPOSAL_GENERATOR",
    "MODEL.RESNETS",
    "MODEL.RETINANET",
    "MODEL.ROI_BOX_CASCADE_HEAD",
    "MODEL.ROI_BOX_HEAD",
    "MODEL.ROI_HEADS",
    "MODEL.ROI_KEYPOINT_HEAD",
    "MODEL.ROI_MASK_HEAD",
    "MODEL.RPN",
    "MODEL.SEM_SEG_HEAD",
)


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

    def merge_from_file(self, cfg_filename: str, allow_unsafe: bool = False) -> None:
        """Merge a yaml file into this config.

        Args:
            cfg_filename: path or URL.
            allow_unsafe: must be False.
        """
        assert PathManager.isfile(cfg_filename), f"There is no config file {cfg_filename}."
        loaded = type(self)(self.load_yaml_with_base(cfg_filename, allow_unsafe=allow_unsafe))
        version = loaded.get("VERSION")
        if version is None:
            logging.getLogger(__name__).warning(
                f"{cfg_filename} states no VERSION and is read as version {self.VERSION}."
            )
        else:
            assert version == self.VERSION, (
                f"Config '{cfg_filename}' is of version {version}; "
                f"detectron2_lite reads version {self.VERSION} only."
            )
        self.merge_from_other_cfg(loaded)

    def merge_from_other_cfg(self, cfg_other: _CfgNode) -> None:
        """Merge another config into this one; its keys must exist here, with the same types."""
        for key in _missing_keys(self, cfg_other):
            _refuse_detectron2_section(key)
        super().merge_from_other_cfg(cfg_other)

    def merge_from_list(self, cfg_list: list) -> None:
        """Merge ``[key, value, key, value, ...]`` with dotted keys, as from a command line."""
        for key in cfg_list[0::2]:
            if not _has_key(self, key):
                _refuse_detectron2_section(key)
        super().merge_from_list(cfg_list)


def _missing_keys(cfg: _CfgNode, other: _CfgNode, prefix: str = "") -> Iterator[str]:
    """Yield the dotted keys of ``other`` that ``cfg`` does not have."""
    for name, value in other.items():
        if name not in cfg:
            yield prefix + name
        elif isinstance(value, _CfgNode) and isinstance(cfg[name], _CfgNode):
            yield from _missing_keys(cfg[name], value, f"{prefix}{name}.")


def _has_key(cfg: _CfgNode, key: str) -> bool:
    for name in key.split("."):
        if not isinstance(cfg, _CfgNode) or name not in cfg:
            return False
        cfg = cfg[name]
    return True


def _refuse_detectron2_section(key: str) -> None:
    section = ".".join(key.split(".")[:2])
    if section in _DETECTRON2_SECTIONS:
        raise only_in_detectron2(f"The config key {key}")


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
    if init_func is not None:
        is_init = inspect.isfunction(init_func) and init_func.__name__ == "__init__"
        assert is_init and from_config is None, "@configurable decorates __init__ or a function."
        return _configurable_init(init_func)
    if from_config is None:
        return configurable
    assert inspect.isfunction(from_config), "from_config must be a function."
    return functools.partial(_configurable_function, from_config)


def _configurable_init(init: Callable) -> Callable:
    @functools.wraps(init)
    def wrapper(self, *args, **kwargs):
        from_config = getattr(type(self), "from_config", None)
        if from_config is None:
            raise AttributeError(f"{type(self).__name__} needs a classmethod 'from_config'.")
        if not inspect.ismethod(from_config):
            raise TypeError(f"from_config of {type(self).__name__} must be a classmethod.")
        if _is_called_with_config(args, kwargs):
            init(self, **_explicit_arguments(from_config, args, kwargs))
        else:
            init(self, *args, **kwargs)

    return wrapper


def _configurable_function(from_config: Callable, function: Callable) -> Callable:
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        if _is_called_with_config(args, kwargs):
            return function(**_explicit_arguments(from_config, args, kwargs))
        return function(*args, **kwargs)

    wrapper.from_config = from_config
    return wrapper


def _is_called_with_config(args: tuple, kwargs: dict) -> bool:
    first = args[0] if args else kwargs.get("cfg")
    return isinstance(first, _CfgNode)


def _explicit_arguments(from_config: Callable, args: tuple, kwargs: dict) -> dict:
    """Call ``from_config`` with what it takes; the other keyword arguments override its result."""
    parameters = inspect.signature(from_config).parameters
    if next(iter(parameters), None) != "cfg":
        raise TypeError(f"{from_config.__qualname__} must take 'cfg' as its first argument.")
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    if any(parameter.kind in variadic for parameter in parameters.values()):
        return from_config(*args, **kwargs)
    accepted = {name: value for name, value in kwargs.items() if name in parameters}
    overrides = {name: value for name, value in kwargs.items() if name not in parameters}
    return {**from_config(*args, **accepted), **overrides}
