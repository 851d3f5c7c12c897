"""Matplotlib figures as SVG that is part of an HTML page and follows its colours."""

import io
import re

import matplotlib
from matplotlib.figure import Figure

# Colours to draw with; in the page they become CSS.
TEXT_COLOR = "#fe0201"
GRID_COLOR = "#fe0202"
_CSS_OF_COLOR = {TEXT_COLOR: "currentColor", GRID_COLOR: "var(--grid)"}
_SETTINGS = {
    "svg.fonttype": "none",
    "svg.hashsalt": "adaanchor_d2",
    "text.color": TEXT_COLOR,
    "axes.labelcolor": TEXT_COLOR,
    "axes.edgecolor": GRID_COLOR,
    "xtick.color": GRID_COLOR,
    "ytick.color": GRID_COLOR,
    "xtick.labelcolor": TEXT_COLOR,
    "ytick.labelcolor": TEXT_COLOR,
    "grid.color": GRID_COLOR,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
# What only a file of its own needs, and a style that would reach the whole page.
_LEFT_OUT = re.compile(
    r'<metadata>.*?</metadata>|<style.*?</style>| xmlns(:\w+)?="[^"]*"', re.DOTALL
)
# The page's own font.
_FONT_FAMILY = re.compile(r" font-family: [^;\"]*;?")


def page_style():
    """Context in which figures for :func:`to_inline_svg` are made."""
    return matplotlib.rc_context(_SETTINGS)


def css_color(number: int) -> str:
    """The matplotlib colour that becomes ``var(--run-number)``."""
    return f"#fe01{number:02x}"


def to_css(text: str) -> str:
    """Replace the colours that stand for CSS."""
    for color, css in _CSS_OF_COLOR.items():
        text = text.replace(color, css)
    return re.sub(r"#fe01([0-9a-f]{2})", lambda match: f"var(--run-{int(match[1], 16)})", text)


def to_inline_svg(figure: Figure, label: str) -> str:
    """Return ``<svg ...>`` with a name for screen readers; artists' gids become CSS classes.

    Args:
        label: plain text; it is escaped here.
    """
    file = io.StringIO()
    figure.savefig(file, format="svg", transparent=True)
    svg = file.getvalue()
    svg = _LEFT_OUT.sub("", svg[svg.index("<svg") :]).replace("xlink:href", "href")
    svg = _without_ids(re.sub(r"\s*\n\s*", " ", _FONT_FAMILY.sub("", svg)))
    svg = to_css(svg)
    view_box = re.search(r'viewBox="[^"]*"', svg)[0]
    opening = f'<svg role="img" aria-label="{_escape(label)}" {view_box}>'
    return re.sub(r"<svg[^>]*>", lambda _: opening, svg, count=1)


def _without_ids(svg: str) -> str:
    """Keep the ids that the SVG itself refers to; ids like "group-0" become classes."""
    referred = set(re.findall(r'(?:href="#|url\(#)([\w-]+)', svg))

    def replace(match: re.Match) -> str:
        name = match[1]
        if name in referred:
            return match[0]
        return f' class="{name}"' if "-" in name else ""

    return re.sub(r' id="([^"]*)"', replace, svg)


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
