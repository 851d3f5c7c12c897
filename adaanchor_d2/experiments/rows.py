"""The rows of a comparison: a name, and the config that its runs are trained with."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from ..errors import InputError

_RULE = "MODEL.KEYPOINT_HEAD.NAME"
_CENTER = "MODEL.KEYPOINT_HEAD.HEATMAP_CENTER"


class Row(NamedTuple):
    """A row of a table.

    Attributes:
        name: of its folder.
        title: what the table calls it.
        config_file, options: what its runs are trained with.
    """

    name: str
    title: str
    config_file: str
    options: list[str]


class _Known(NamedTuple):
    """``leaf``: how the name of its rule's config begins."""

    title: str
    leaf: str
    options: tuple[str, ...]


_ADA = (_RULE, "AdaAnchor")
# Table 1's rows, and the sub-pixel heatmap.
KNOWN_ROWS = {
    "ada": _Known("AdaAnchor", "ada", _ADA),
    "fix": _Known("FixAnchor", "fix", (_RULE, "FixAnchor")),
    "heatmap_subpixel": _Known(
        "heatmap, sub-pixel", "heatmap", (_RULE, "HeatmapAnchor", _CENTER, "subpixel")
    ),
    "heatmap_rounded": _Known(
        "heatmap, rounded", "heatmap", (_RULE, "HeatmapAnchor", _CENTER, "rounded")
    ),
    "regression": _Known("regression", "regression", (_RULE, "RegressionAnchor")),
    "ada_add": _Known(
        "AdaAnchor, scores added", "ada", (*_ADA, "MODEL.KEYPOINT_HEAD.FUSION", "add")
    ),
    "ada_single_anchor": _Known(
        "AdaAnchor, one anchor", "ada", (*_ADA, "MODEL.KEYPOINT_HEAD.NUM_ANCHORS", "1")
    ),
    "ada_no_local": _Known(
        "AdaAnchor, not refined", "ada", (*_ADA, "MODEL.KEYPOINT_HEAD.LOCAL_REFINEMENT", "False")
    ),
}
# Whatever is claimed is claimed against the better of these.
BASELINES = ("fix", "heatmap_subpixel")


def parse_rows(texts: Sequence[str], config_file: str) -> list[Row]:
    """Read rows from the command line: ``NAME``, ``NAME=KEY,VALUE,...``, ``NAME=FILE,KEY,...``.

    A known name starts from its rule's config beside ``config_file`` where there is one
    (``fix_R50.yaml`` beside ``ada_R50.yaml``), any other name from ``config_file``; FILE takes its
    place. Then the options of the known name are set, and then those given.

    Raises:
        InputError: an unknown name without options, the same name twice, or a text of another form.
    """
    rows = [_parse_row(text, config_file) for text in texts]
    names = [row.name for row in rows]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"--rows names {name} more than once.")
    return rows


def missing_baselines(rows: Iterable[Row]) -> list[str]:
    """The names of :data:`BASELINES` that are not among the rows."""
    names = {row.name for row in rows}
    return [name for name in BASELINES if name not in names]


def _parse_row(text: str, config_file: str) -> Row:
    name, equals, rest = text.partition("=")
    known = KNOWN_ROWS.get(name)
    if not re.fullmatch(r"[\w+-][\w.+-]*", name):
        raise InputError(f"--rows {text!r} begins with no name of letters, digits, '_', '-', '.'.")
    if known is None and not equals:
        raise InputError(
            f"--rows names {name}, but known are {', '.join(KNOWN_ROWS)}; define another one as "
            f"{name}=KEY,VALUE or {name}=FILE."
        )
    parts = _split(rest) if equals else []
    file = parts.pop(0) if parts and parts[0].endswith((".yaml", ".yml")) else ""
    if len(parts) % 2 or "" in parts[::2]:
        raise InputError(f"--rows {text!r} is not of the form NAME=KEY,VALUE,... or NAME=FILE,...")
    if known is None:
        return Row(name, name, file or config_file, parts)
    file = file or _rule_config(config_file, known.leaf)
    return Row(name, known.title, file, [*known.options, *parts])


def _split(text: str) -> list[str]:
    """Split at commas, but not inside brackets: values can be lists."""
    return [part.strip() for part in re.split(r",(?![^(\[]*[)\]])", text)]


def _rule_config(config_file: str, leaf: str) -> str:
    path = Path(config_file)
    if not path.name.startswith("ada"):
        return config_file
    beside = path.with_name(leaf + path.name.removeprefix("ada"))
    return str(beside) if beside.is_file() else config_file
