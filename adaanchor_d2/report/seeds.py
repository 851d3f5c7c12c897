"""Runs that differ in their seed only are looked at together."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass

from .runs import Run, show_value

# What may differ between the seeds of one setting.
_OWN_KEYS = ("SEED", "OUTPUT_DIR")
_END_OF_TITLE = re.compile(r"([\W_]+s?|[\W_]*seed)[\W_]*$", re.IGNORECASE)


@dataclass(frozen=True)
class Group:
    """Runs of one setting with different seeds; mostly a single run."""

    title: str
    runs: tuple[Run, ...]

    @property
    def config(self) -> dict[str, object]:
        return self.runs[0].config


def group_seeds(runs: Sequence[Run]) -> list[Group]:
    """Group runs whose configs are the same but for ``SEED`` and ``OUTPUT_DIR``.

    Runs of one setting with the same seed stay apart: what differs is not in the config.
    """
    by_setting: dict[str, list[Run]] = {}
    for run in runs:
        by_setting.setdefault(_setting(run), []).append(run)
    groups = []
    for members in by_setting.values():
        seeds = {run.config.get("SEED") for run in members}
        if len(seeds) == len(members) > 1:
            groups.append(Group(_common_title(members), tuple(members)))
        else:
            groups += [Group(run.title, (run,)) for run in members]
    return groups if _are_distinct(groups) else [Group(run.title, (run,)) for run in runs]


def _setting(run: Run) -> str:
    kept = {key: show_value(value) for key, value in run.config.items() if key not in _OWN_KEYS}
    return str(sorted(kept.items()))


def _common_title(runs: Sequence[Run]) -> str:
    """ada/seed0, ada/seed1 -> ada; without a common start their common folder's name, or else the
    first title.
    """
    titles = [run.title for run in runs]
    folders = {run.folder.resolve().parent.name for run in runs}
    folder = folders.pop() if len(folders) == 1 and "seed" in os.path.commonprefix(titles) else ""
    return _END_OF_TITLE.sub("", os.path.commonprefix(titles)) or folder or titles[0]


def _are_distinct(groups: Sequence[Group]) -> bool:
    return len({group.title for group in groups}) == len(groups)
