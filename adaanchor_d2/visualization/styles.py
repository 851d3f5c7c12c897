"""How runs look: the one choice of colours, dashes and markers for the pictures of all tools."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import cycle

# Okabe and Ito's, told apart by colour-blind people too, each with a marker of its own. The first
# ones belong to the anchor rules, in all pictures.
COLORS = ("#d55e00", "#0072b2", "#009e73", "#cc79a7", "#56b4e9", "#b58900", "#7f7f7f")
MARKERS = "osD^vPX"
_DASHES = ("-", "--", "-.", ":")
_RULES = ("ada", "fix", "heat", "regression")
_RULE = re.compile(r"(?<![a-z])(ada|fix|heat|regression)(map)?(anchor)?(?![a-z])", re.IGNORECASE)


def run_styles(runs: Sequence[str], colors: Sequence[str] = COLORS) -> dict[str, dict]:
    """A look for each run, as keywords of matplotlib's ``Line2D``.

    Runs whose names hold a rule's, the last if there are several ("AdaAnchor, k = 4",
    "runs/ada/seed0", "heatmap_subpixel"), have the rule's colour; others have those that are left.
    Where a colour comes again, its dashes differ.

    Args:
        colors: to draw with instead of :data:`COLORS`, as many.
    """
    numbers = _color_numbers(runs)
    times: Counter[int] = Counter()
    styles = {}
    for run, number in numbers.items():
        styles[run] = {
            "color": colors[number],
            "linestyle": _DASHES[times[number] % len(_DASHES)],
            "marker": MARKERS[number],
            "markersize": 4,
        }
        times[number] += 1
    return styles


def _color_numbers(runs: Sequence[str]) -> dict[str, int]:
    rules = {run: _rule_number(run) for run in runs}
    free = [number for number in range(len(COLORS)) if number not in rules.values()]
    # Those of rules that are not there come last.
    left = cycle(sorted(free, key=lambda number: number < len(_RULES)))
    return {run: next(left) if rule is None else rule for run, rule in rules.items()}


def _rule_number(run: str) -> int | None:
    matches = _RULE.findall(run)
    return _RULES.index(matches[-1][0].lower()) if matches else None
