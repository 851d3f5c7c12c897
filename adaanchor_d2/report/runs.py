"""Output folders of training runs: where they are, their settings and their figures."""

import json
import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from ..errors import InputError, name_first
from ..visualization.curves import read_metrics

# Figures of training have a slash in their name, too.
_TRAINING_TASKS = ("anchors",)
_MAIN_TASK = re.compile(r"(.*/)?keypoints[^/]*/")


@dataclass(frozen=True)
class Run:
    """One output folder.

    Attributes:
        title: how the report calls it.
        folder: where it lies.
        config: {dotted key: value} of its ``config.yaml``.
        records: the lines of its ``metrics.json``; none where there is no such file.
    """

    title: str
    folder: Path
    config: dict[str, object]
    records: list[dict]

    @property
    def test_set(self) -> str:
        """The data set whose results are looked at: the first of ``DATASETS.TEST``, or ""."""
        names = self.config.get("DATASETS.TEST") or [""]
        return str(names[0])

    @property
    def inference_folder(self) -> Path:
        """Where the evaluator of :attr:`test_set` writes."""
        folder = self.folder / "inference"
        several = len(self.config.get("DATASETS.TEST") or ()) > 1
        return folder / self.test_set if several else folder

    @property
    def last_evaluation(self) -> dict:
        """The record of the last evaluation; empty where there was none."""
        evaluated = [r for r in self.records if any(map(_MAIN_TASK.match, r))]
        return evaluated[-1] if evaluated else {}

    @property
    def tasks(self) -> dict[str, dict[str, float]]:
        """{task: {metric: value}} of the last evaluation."""
        tasks: dict[str, dict[str, float]] = {}
        for key, value in self.last_evaluation.items():
            task, slash, metric = key.rpartition("/")
            if slash and task not in _TRAINING_TASKS:
                tasks.setdefault(task, {})[metric] = value
        return tasks


def load_runs(folders: Sequence[Path], titles: Sequence[str] = ()) -> list[Run]:
    """Read the runs in ``folders``: each is one itself, or holds some one or two levels below.

    Args:
        titles: one a run, in the order found; else runs are called by their paths' differing ends.

    Raises:
        InputError: naming the folder or file at fault.
    """
    found = [run for folder in folders for run in find_run_folders(folder)]
    repeated = [path for path, count in Counter(map(Path.resolve, found)).items() if count > 1]
    if repeated:
        raise InputError(f"{repeated[0]} is among the runs more than once.")
    titles = list(titles) or _default_titles(found)
    if len(titles) != len(found):
        raise InputError(
            f"--titles has {len(titles)} names, but there are {len(found)} runs: "
            f"{name_first(found)}."
        )
    if len(set(titles)) < len(titles):
        raise InputError(f"--titles gives the name {Counter(titles).most_common(1)[0][0]} twice.")
    return [_load_run(title, folder) for title, folder in zip(titles, found, strict=True)]


def find_run_folders(folder: Path) -> list[Path]:
    """Return the folders with a ``config.yaml``: this one, else those in it, else theirs."""
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder.")
    for pattern in ("config.yaml", "*/config.yaml", "*/*/config.yaml"):
        found = sorted(path.parent for path in folder.glob(pattern))
        if found:
            return found
    raise InputError(
        f"{folder} holds no run: there is no config.yaml in it or one or two folders below."
    )


def _default_titles(folders: Sequence[Path]) -> list[str]:
    paths = [folder.resolve() for folder in folders]
    if len(paths) == 1:
        return [paths[0].name]
    parent = os.path.commonpath(paths)
    return [str(path.relative_to(parent)) for path in paths]


def _load_run(title: str, folder: Path) -> Run:
    has_metrics = (folder / "metrics.json").exists()
    records = read_metrics(folder) if has_metrics else []
    return Run(title, folder, _read_config(folder / "config.yaml"), records)


def _read_config(path: Path) -> dict[str, object]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError):
        raise InputError(f"{path} is no valid yaml, or holds what is no plain value.") from None
    if not isinstance(content, dict):
        raise InputError(f"{path} holds no config keys.")
    return dict(_flatten(content))


def _flatten(section: dict, prefix: str = ""):
    for key, value in section.items():
        if isinstance(value, dict):
            yield from _flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def show_value(value: object) -> str:
    """A config value as a yaml file would show it in one line."""
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)
