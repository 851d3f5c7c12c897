"""The figures of result files as text and as rows: files side by side.

``figures`` is {file's short name: what ``figures.compute_figures`` returns} throughout.
"""

from collections.abc import Iterator
from pathlib import Path

from tabulate import tabulate

from .keypoint_errors import ERROR_KINDS

_SHOWN_GAMMAS = (0.1, 0.3, 0.5, 0.7, 0.9)
# Figure of a group -> heading.
_GROUP_COLUMNS = {
    "count": "keypoints",
    "located": "located",
    "right": "right %",
    "error": "error, image px",
    "relative_error": "error, % of size",
    "score": "mean score",
    "ECE": "ECE",
    "AUROC": "AUROC",
}
_LEGEND = """\
People: matched to an annotated person by place; at OKS 0.5: with one so similar.
Keypoints: right with a keypoint similarity of at least 0.5. right % and recall are of all annotated
keypoints; precision, error, score, ECE and AUROC of the located ones, those of matched people.
Size: square root of the person's area.
Errors: good at its place; jitter there with a similarity below 0.85; inversion at its mirror
partner's place; swap at another person's; else miss (Ronchi and Perona). Not located: missing in a
matched person. Person not found: of people who are not matched. Percent of annotated keypoints."""
_PEOPLE_COLUMNS = {
    "images": "images",
    "with_predictions": "with predictions",
    "annotated": "people",
    "matched": "matched",
    "at_oks_0.5": "at OKS 0.5",
    "predicted": "predicted",
    "unmatched": "matched to nobody",
}
_JOINT_COLUMNS = {"count": "n", "error": "error, px", "score": "score", "right": "right %"}


def short_names(files: list[str]) -> list[str]:
    """What tells files apart: their paths without the parts that all share at either end, and
    without those that our evaluators give all their files.
    """
    paths = [_without_own_parts(Path(file)) for file in files]
    if len(set(paths)) < len(paths):
        paths = [Path(file).parts for file in files]
    start, end = 0, 0
    shortest = min(map(len, paths))
    while start < shortest - 1 and len({path[start] for path in paths}) == 1:
        start += 1
    while end < shortest - 1 - start and len({path[-1 - end] for path in paths}) == 1:
        end += 1
    return ["/".join(path[start : len(path) - end]) for path in paths]


def _without_own_parts(path: Path) -> tuple[str, ...]:
    """ours/inference/coco_instances_results.json -> ours"""
    parts = path.parts
    for own in ("coco_instances_results.json", "inference"):
        if len(parts) > 1 and parts[-1] == own:
            parts = parts[:-1]
    return parts


def format_tables(figures: dict[str, dict]) -> str:
    """All tables, each under a line that says what it shows, and what is to be said of them."""
    blocks = [f"{title}\n{table}" for title, table in _tables(figures)]
    blocks.append(_LEGEND)
    for name, file in figures.items():
        blocks += [f"{name}: {note}" for note in file["notes"]]
    return "\n\n".join(blocks)


def _tables(figures: dict[str, dict]) -> Iterator[tuple[str, str]]:
    groups = _groups(figures)
    yield (
        "Images with annotated people; the annotated and the predicted people",
        _table(figures, lambda file: _renamed(file["people"], _PEOPLE_COLUMNS)),
    )
    for group in groups:
        title = f"{group.capitalize()} keypoints"
        yield (
            title,
            _table(figures, lambda file, g=group: _renamed(file["groups"][g], _GROUP_COLUMNS)),
        )
    for group in [group for group in groups if group != "all"] or groups:
        yield f"{group.capitalize()} keypoints by joint", _joint_table(figures, group)
    for group in groups:
        title = f"Precision / recall in percent of {group} keypoints with a score of at least gamma"
        yield title, _table(figures, lambda file, g=group: _at_gammas(file, g))
    for group in groups:
        title = f"Errors of {group} keypoints in percent"
        yield title, _table(figures, lambda file, g=group: _shares(file["errors"][g]), ".1f")
    yield from _cue_tables(figures)


def _cue_tables(figures: dict[str, dict]) -> Iterator[tuple[str, str]]:
    with_anchors = {name: file for name, file in figures.items() if "anchors" in file}
    if with_anchors:
        title = "Displacement: pixels from the anchor to the keypoint found from it"
        yield title, _table(with_anchors, lambda file: file["anchors"]["displacement"])
    told = {n: file for n, file in with_anchors.items() if "hidden_AUROC" in file["anchors"]}
    if told:
        title = "AUROC of what tells hidden from visible keypoints"
        yield title, _table(told, lambda file: file["anchors"]["hidden_AUROC"])
    with_spread = {name: file for name, file in figures.items() if "spread" in file}
    for group in _groups(with_spread):
        title = f"Spread of {group} keypoints in pixels, AUROC of a low spread for being right"
        yield title, _table(with_spread, lambda file, g=group: file["spread"][g])


def joint_rows(figures: dict[str, dict]) -> list[dict]:
    """One row for each file, joint and group; the kinds of error in rows of the group ``all``."""
    return [
        {
            "file": name,
            "joint": joint,
            "group": group,
            **values,
            **(file["errors_per_joint"][joint] if group == "all" else dict.fromkeys(ERROR_KINDS)),
        }
        for name, file in figures.items()
        for joint, groups in file["per_joint"].items()
        for group, values in groups.items()
    ]


def _groups(figures: dict[str, dict]) -> list[str]:
    """The groups of all files; they are the same, because the annotations are."""
    return list(next(iter(figures.values()))["groups"]) if figures else []


def _table(figures: dict[str, dict], row_of, floatfmt: str = ".3f") -> str:
    rows = {name: row_of(file) for name, file in figures.items()}
    headers = ["", *next(iter(rows.values()))]
    lines = [[name, *row.values()] for name, row in rows.items()]
    return tabulate(lines, headers=headers, floatfmt=floatfmt, missingval="-")


def _joint_table(figures: dict[str, dict], group: str) -> str:
    """A row for each joint, a block of columns for each file."""
    headers = ["", "n"]
    for name in figures:
        headers += [
            f"{name}\n{heading}" for key, heading in _JOINT_COLUMNS.items() if key != "count"
        ]
    joints = next(iter(figures.values()))["per_joint"]
    lines = []
    for joint in joints:
        rows = [file["per_joint"][joint][group] for file in figures.values()]
        values = [row[key] for row in rows for key in _JOINT_COLUMNS if key != "count"]
        lines.append([joint, rows[0]["count"], *values])
    return tabulate(lines, headers=headers, floatfmt=".2f", missingval="-")


def _renamed(values: dict, columns: dict[str, str]) -> dict:
    return {heading: values[key] for key, heading in columns.items()}


def _at_gammas(file: dict, group: str) -> dict[str, str]:
    rows = [file["gammas"].index(gamma) for gamma in _SHOWN_GAMMAS]
    curves = file["precision_recall"][group]
    precision, recall = curves["precision"], curves["recall"]
    return {
        f"{gamma:g}": f"{_percent(precision[row])} / {_percent(recall[row])}"
        for gamma, row in zip(_SHOWN_GAMMAS, rows, strict=True)
    }


def _percent(fraction: float | None) -> str:
    return "-" if fraction is None else f"{100 * fraction:.1f}"


def _shares(counts: dict[str, int]) -> dict[str, float]:
    total = max(1, sum(counts.values()))
    return {kind: 100 * count / total for kind, count in counts.items()}
