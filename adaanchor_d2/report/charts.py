"""Panels of curves as pictures that are part of the page."""

from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.figure import Figure

from ..visualization.curves import Panel, draw_panel
from ..visualization.styles import COLORS, run_styles
from ..visualization.svg import css_color, page_style, to_inline_svg
from .seeds import Group

# More points of a curve than this cannot be told apart in a picture of a few hundred pixels.
_MOST_POINTS = 400


class Chart(NamedTuple):
    title: str
    svg: str


def draw_charts(panels: Sequence[Panel], styles: dict[str, dict]) -> list[Chart]:
    """Draw each panel with the lines of :func:`group_styles`."""
    return [Chart(panel.title, _draw(panel, styles)) for panel in panels]


def group_styles(groups: Sequence[Group]) -> dict[str, dict]:
    """{title of a run: how its lines look}: a group's colour, and the class ``group-number`` by
    which the page hides and shows them. ``groups`` are all of the page, so that both are the same
    in all its charts.
    """
    colors = [css_color(number) for number in range(len(COLORS))]
    of_group = run_styles([group.title for group in groups], colors)
    return {
        run.title: {**of_group[group.title], "gid": f"group-{number}", "linewidth": 1.6}
        for number, group in enumerate(groups)
        for run in group.runs
    }


def _draw(panel: Panel, styles: dict[str, dict]) -> str:
    thinned = {run: _thin(points) for run, points in panel.points.items()}
    with page_style():
        figure = Figure(figsize=(4.4, 2.9), layout="constrained")
        axis = figure.subplots()
        draw_panel(axis, panel._replace(points=thinned), styles)
        axis.set_title("")  # The page has it above the picture.
        return to_inline_svg(figure, f"{panel.title} over {panel.x_label}")


def _thin(points: list) -> list:
    """Every n-th point, and the last one."""
    step = -(-len(points) // _MOST_POINTS)
    return points[:-1:step] + points[-1:] if step > 1 else points
