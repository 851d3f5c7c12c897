"""Configs from yaml files and command lines, with one sentence for every mistake."""

import difflib
import os
import re

import yaml
from detectron2.config import CfgNode, get_cfg

from ..config import add_adaanchor_config
from ..errors import InputError

_BASE = "_BASE_"


def load_config(
    config_file: str = "", options: list[str] | None = None, place: str = "the command line"
) -> CfgNode:
    """Return the defaults, overridden by a yaml file, then by ``[key, value, ...]``; frozen.

    Args:
        place: where the options come from, for messages.

    Raises:
        InputError: the file cannot be read, is no yaml or holds python tags (which are never
            executed), or it or the options name an unknown key or a value of the wrong type.
    """
    cfg = get_cfg()
    add_adaanchor_config(cfg)
    if config_file:
        _merge_file(cfg, config_file)
    if options:
        _merge_options(cfg, options, place)
    cfg.freeze()
    return cfg


def _merge_file(cfg: CfgNode, path: str) -> None:
    chain = _read_chain(path)
    try:
        cfg.merge_from_file(path, allow_unsafe=False)
    except (AssertionError, KeyError, TypeError, ValueError) as error:
        key = _key_at_fault(error)
        culprit = next((file for file, content in chain if _has(content, key)), path)
        raise _explain(error, cfg, f"config file {culprit}") from None


def _merge_options(cfg: CfgNode, options: list[str], place: str) -> None:
    # "--" separates options from flags that take several values.
    options = [word for word in options if word != "--"]
    flag = next((word for word in options if word.startswith("--")), None)
    if flag is not None:
        raise InputError(
            f"{flag} is no flag of this command, or it stands among the options KEY VALUE: flags "
            "go before them."
        )
    if len(options) % 2:
        raise InputError(
            f"The options at the end of {place} must be pairs KEY VALUE, but there are "
            f"{len(options)} words: {' '.join(options)}."
        )
    for key in options[::2]:
        _refuse_key_below_value(cfg, key, place)
    try:
        cfg.merge_from_list(options)
    except (AssertionError, KeyError, TypeError, ValueError) as error:
        raise _explain(error, cfg, place) from None


def _refuse_key_below_value(cfg: CfgNode, key: str, place: str) -> None:
    """Refuse e.g. SOLVER.BASE_LR.X, over which yacs stumbles; unknown keys are left to yacs."""
    node, names = cfg, key.split(".")
    for depth, name in enumerate(names):
        if not isinstance(node, CfgNode):
            value_key = ".".join(names[:depth])
            raise InputError(
                f"Unknown config key {key} in {place}: {value_key} is a value, no section."
            )
        if name not in node:
            return
        node = node[name]


def _read_chain(path: str, descendants: tuple[str, ...] = ()) -> list[tuple[str, dict]]:
    """Read a yaml file and those it builds on: (path, content) of each, the given file first.

    Args:
        path: the file.
        descendants: real paths of the files that are being read because they build on it.
    """
    real_path = os.path.realpath(path)
    if real_path in descendants:
        raise InputError(f"Config file {path} builds on itself ({_BASE}).")
    content = _read_yaml(path)
    bases = content.get(_BASE, [])
    bases = [bases] if isinstance(bases, str) else bases
    if not isinstance(bases, list) or not all(isinstance(base, str) for base in bases):
        raise InputError(f"{_BASE} of config file {path} is no path and no list of paths.")
    chain = [(path, content)]
    for base in bases:
        base_path = os.path.join(os.path.dirname(path), os.path.expanduser(base))
        chain += _read_chain(base_path, (*descendants, real_path))
    return chain


def _read_yaml(path: str) -> dict:
    try:
        with open(path, encoding="utf-8") as file:
            content = yaml.safe_load(file)
    except OSError as error:
        raise InputError(f"Config file {path} cannot be read: {error.strerror}.") from None
    except yaml.constructor.ConstructorError as error:
        raise InputError(
            f"Config file {path} was refused, because it holds what would run code or is no plain "
            f"value: {error.problem} (line {error.problem_mark.line + 1})."
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1})" if mark else ""
        raise InputError(f"Config file {path} is no valid yaml{where}.") from None
    if not isinstance(content, dict):
        raise InputError(f"Config file {path} holds no config keys.")
    return content


def _key_at_fault(error: Exception) -> str:
    """Return the dotted key that a message of yacs names, or ""."""
    found = re.search(r"(?:Non-existent (?:config )?key: |for config key: )([\w.]+)", str(error))
    return found.group(1) if found else ""


def _explain(error: Exception, cfg: CfgNode, place: str) -> InputError:
    """Turn an error of yacs into a sentence."""
    key = _key_at_fault(error)
    message = str(error.args[0]) if error.args else str(error)
    if "Non-existent" in message:
        nearest = difflib.get_close_matches(key, list(_all_keys(cfg)), n=1)
        hint = f"; did you mean {nearest[0]}?" if nearest else "."
        return InputError(f"Unknown config key {key} in {place}{hint}")
    if "Type mismatch" in message:
        if isinstance(look_up(cfg, key), CfgNode):
            return InputError(f"Config key {key} in {place} is a section of keys, not a value.")
        expected = type(look_up(cfg, key)).__name__
        values = re.search(r"with values \(.* vs\. (.*)\) for config key", message, re.DOTALL)
        given = f", not {values.group(1)!r}" if values else ""
        return InputError(f"Config key {key} in {place} takes a value of type {expected}{given}.")
    return InputError(f"{place[0].upper()}{place[1:]}: {message.rstrip('.!')}.")


def _all_keys(node: CfgNode, prefix: str = ""):
    for name, value in node.items():
        yield prefix + name
        if isinstance(value, CfgNode):
            yield from _all_keys(value, f"{prefix}{name}.")


def look_up(cfg: CfgNode, key: str):
    """Return the value of a dotted key."""
    for name in key.split("."):
        cfg = cfg[name]
    return cfg


def _has(content: dict, key: str) -> bool:
    for name in key.split("."):
        if not isinstance(content, dict) or name not in content:
            return False
        content = content[name]
    return True
