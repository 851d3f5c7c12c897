"""What a comparison says, as tables and sentences in Markdown, and as data."""

from tabulate import tabulate

from .bootstrap import Difference
from .comparison import Comparison
from .figures import Figure
from .rows import BASELINES

_NO_INTERVALS = (
    "Nothing is claimed: the evaluation of this data set leaves no results of single images in "
    "COCO's form, from which intervals are made."
)
_ONE_SEED = "Nothing is claimed: with one seed the intervals tell of the images only."


def write_markdown(comparison: Comparison, claimant: str) -> str:
    """The text of a section: mean and deviation, differences, and what is shown.

    Args:
        claimant: the row for which something may be claimed, by name.
    """
    parts = [_caption(comparison), mean_table(comparison)]
    if not comparison.num_images:
        return "\n\n".join([*parts, _NO_INTERVALS]) + "\n"
    parts += [
        "Difference from the better of FixAnchor and the sub-pixel heatmap (f, h), with its 95 % "
        f"interval by a paired bootstrap over the {comparison.num_images} test images and the "
        "seeds. **Bold** where it excludes zero:",
        baseline_table(comparison),
        f"Difference from {comparison.title(claimant)}, likewise:",
        claimant_table(comparison, claimant),
    ]
    claims = [f"* {sentence}" for sentence in sentences(comparison, claimant)]
    parts.append("\n".join(claims) if len(comparison.seeds) > 1 else _ONE_SEED)
    return "\n\n".join(parts) + "\n"


def _caption(comparison: Comparison) -> str:
    seeds = ", ".join(map(str, comparison.seeds))
    if len(comparison.seeds) > 1:
        return f"Mean and standard deviation over seeds {seeds}:"
    return f"Seed {seeds}:"


def to_data(comparison: Comparison) -> dict:
    """Everything in the tables, for a JSON file."""
    return {
        "seeds": list(comparison.seeds),
        "num_images": comparison.num_images,
        "rows": {
            row.name: {
                name: {"values": values.tolist(), **_baseline_data(comparison, row.name, name)}
                for name, values in comparison.values[row.name].items()
            }
            for row in comparison.rows
        },
    }


def _baseline_data(comparison: Comparison, row: str, figure: str) -> dict:
    baseline = comparison.better_baseline(figure)
    difference = comparison.difference(row, baseline, figure) if baseline else None
    if difference is None or row == baseline:
        return {}
    return {"baseline": baseline, "difference": difference._asdict()}


def mean_table(comparison: Comparison) -> str:
    def cell(row: str, name: str, figure: Figure) -> str:
        values = comparison.values[row].get(name)
        if values is None:
            return ""
        if len(values) == 1:
            return figure.format(values[0])
        return f"{figure.format(values.mean())} ± {figure.format(values.std(ddof=1))}"

    return _table(comparison, cell)


def baseline_table(comparison: Comparison) -> str:
    """Each row less the better baseline of each figure."""
    letters = {name: name[0] for name in BASELINES}

    def cell(row: str, name: str, figure: Figure) -> str:
        baseline = comparison.better_baseline(name)
        if not baseline or row == baseline:
            return "–" if baseline else ""
        shown = _interval(comparison.difference(row, baseline, name), figure)
        return f"{shown} ({letters[baseline]})" if shown else ""

    return _table(comparison, cell)


def claimant_table(comparison: Comparison, claimant: str) -> str:
    """Each row less the claimant."""

    def cell(row: str, name: str, figure: Figure) -> str:
        if row == claimant:
            return "–"
        return _interval(comparison.difference(row, claimant, name), figure)

    return _table(comparison, cell)


def _table(comparison: Comparison, cell) -> str:
    rows = [
        [row.title, *(cell(row.name, name, f) for name, f in comparison.figures.items())]
        for row in comparison.rows
    ]
    headers = ["", *(figure.title for figure in comparison.figures.values())]
    return tabulate(rows, headers=headers, tablefmt="pipe", disable_numparse=True)


def _interval(difference: Difference | None, figure: Figure) -> str:
    if difference is None:
        return ""
    low, high = figure.format(difference.low, True), figure.format(difference.high, True)
    text = f"{figure.format(difference.mean, True)} [{low}, {high}]"
    return f"**{text}**" if difference.is_shown else text


def sentences(comparison: Comparison, claimant: str) -> list[str]:
    """One sentence a figure on the claimant against the better baseline."""
    found = []
    for name, figure in comparison.figures.items():
        baseline = comparison.better_baseline(name)
        difference = comparison.difference(claimant, baseline, name) if baseline else None
        if difference is not None:
            names = comparison.title(claimant), comparison.title(baseline)
            found.append(claim(figure, difference, *names))
    return found


def claim(figure: Figure, difference: Difference, claimant: str, baseline: str) -> str:
    """What a difference says; a difference is claimed only where the interval excludes zero."""
    low, high = figure.format(difference.low), figure.format(difference.high)
    interval = f"95 % interval of the difference {low} to {high}"
    if not difference.is_shown:
        return (
            f"{figure.title}: no difference shown between {claimant} and {baseline} "
            f"({figure.format(difference.mean, True)}, {interval})."
        )
    by = f"by {figure.format(abs(difference.mean))} ± {figure.format(difference.half_width)}"
    by += figure.unit
    if not figure.is_merit:
        way = "higher" if difference.mean > 0 else "lower"
        return f"{claimant}: {figure.phrase} is {way} {by} than {baseline}'s ({interval})."
    is_better = (difference.mean > 0) == (figure.better == "max")
    if is_better:
        return f"{claimant} improves {figure.phrase} {by} over {baseline} ({interval})."
    return f"{claimant} is worse {by} in {figure.phrase} than {baseline} ({interval})."
