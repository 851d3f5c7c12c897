"""The page: everything gathered, put into ``page/page.html``."""

import json
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ..visualization.svg import to_css
from .charts import group_styles
from .gather import report_on_set
from .runs import Run, show_value
from .seeds import Group, group_seeds
from .set_report import SetReport
from .tables import setting_rows
from .training import draw_training

_FOLDER = Path(__file__).with_name("page")
# In the order in which they use each other.
_SCRIPTS = ("data.js", "filter.js", "picture.js", "viewer.js", "gallery.js", "page.js")
# Matplotlib's dashes as CSS has them.
_DASHES = {"-": "none", "--": "6 3", ":": "1.5 3", "-.": "6 3 1.5 3"}
DEFAULT_GALLERY_LIMIT = 2000


def write_report(
    runs: Sequence[Run], output: Path, gallery_limit: int = DEFAULT_GALLERY_LIMIT
) -> list[SetReport]:
    """Write the page of some runs to ``output``.

    Args:
        runs: see ``load_runs``.
        gallery_limit: the most people of a test set in the gallery; 0 for none.

    Returns:
        What was gathered for each test set."""
    groups = group_seeds(runs)
    styles = group_styles(groups)
    names = dict.fromkeys(group.runs[0].test_set for group in groups)
    test_sets = [
        report_on_set(
            name, [g for g in groups if g.runs[0].test_set == name], styles, gallery_limit
        )
        for name in names
    ]
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(render(groups, test_sets, styles), encoding="utf-8")
    return test_sets


def render(groups: Sequence[Group], test_sets: Sequence[SetReport], styles: dict[str, dict]) -> str:
    """Return the page as text; ``styles`` are ``group_styles``."""
    environment = Environment(
        loader=PackageLoader("adaanchor_d2.report", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    charts, notes = draw_training(groups, styles)
    return environment.get_template("page.html").render(
        groups=groups,
        looks=group_looks(groups, styles),
        test_sets=test_sets,
        setting_rows=setting_rows(groups),
        training_charts=charts,
        training_notes=notes,
        galleries=_as_script_data([t.gallery for t in test_sets if t.gallery]),
        css=Markup((_FOLDER / "page.css").read_text(encoding="utf-8")),
        js=Markup("\n".join((_FOLDER / name).read_text("utf-8") for name in _SCRIPTS)),
        show=show_value,
    )


def group_looks(groups: Sequence[Group], styles: dict[str, dict]) -> list[dict[str, str]]:
    """The look of each group's lines, in CSS."""
    of_groups = [styles[group.runs[0].title] for group in groups]
    return [
        {"color": to_css(style["color"]), "dash": _DASHES[style["linestyle"]]}
        for style in of_groups
    ]


def _as_script_data(content: object) -> Markup:
    """JSON that a script element holds: a "<" in it would end the element, or open a comment."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c"))
