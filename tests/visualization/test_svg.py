"""Figures that become part of a page."""

import re

from matplotlib.figure import Figure

from adaanchor_d2.visualization.curves import Panel, draw_panel
from adaanchor_d2.visualization.styles import COLORS, run_styles
from adaanchor_d2.visualization.svg import css_color, page_style, to_inline_svg


def draw(label="a label"):
    runs = [f"run {number}" for number in range(len(COLORS) + 1)]
    colors = [css_color(number) for number in range(len(COLORS))]
    styles = {
        run: {**style, "gid": f"group-{n}"}
        for n, (run, style) in enumerate(run_styles(runs, colors).items())
    }
    points = {run: [(0.0, n), (1.0, n + 1.0)] for n, run in enumerate(runs)}
    with page_style():
        figure = Figure(figsize=(3, 2))
        draw_panel(figure.subplots(), Panel("title", "x", points, diagonal=True), styles)
        return to_inline_svg(figure, label)


def test_it_follows_the_colours_of_the_page():
    svg = draw()
    for number in range(len(COLORS)):
        assert f"stroke: var(--run-{number})" in svg
    assert "fill: currentColor" in svg and "var(--grid)" in svg and "#fe0" not in svg


def test_it_names_no_host_and_has_no_style_for_the_page():
    svg = draw()
    assert svg.startswith("<svg role=") and "://" not in svg
    assert "<style" not in svg and "<metadata" not in svg and "xmlns" not in svg


def test_lines_have_a_class_and_ids_are_there_only_where_they_are_used():
    svg = draw()
    assert 'class="group-3"' in svg
    ids = set(re.findall(r' id="([^"]*)"', svg))
    assert ids == set(re.findall(r'(?:href="#|url\(#)([\w-]+)', svg))


def test_the_label_is_escaped():
    assert 'aria-label="&lt;a&gt; &amp; &quot;b&quot;"'.replace("&gt;", ">") in draw('<a> & "b"')
