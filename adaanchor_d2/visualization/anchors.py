"""Figures of anchors: where keypoints were found from (figure 4 of the paper)."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke

from .anchor_views import AnchorView

TARGET_COLOR = "#ff3b30"
ANCHOR_COLOR = "#ffd60a"
CHOSEN_COLOR = "#00e5ff"
_MAP_COLORS = "viridis"
_OUTLINE = [withStroke(linewidth=2.6, foreground="black")]
_NEAREST_STYLE = {"color": "white", "ms": 7, "mew": 1.6, "path_effects": _OUTLINE}
_CENTER_STYLE = {"color": TARGET_COLOR, "ms": 10, "mew": 2, "path_effects": _OUTLINE}
_PANEL, _TITLE = 1.9, 0.42  # inches: a panel across, two lines above it
_BAR = 0.38  # inches: the colours of a map and their numbers beside it
_NEAREST = 0.4  # the least part of the input that is shown, in each direction
_MARGIN = 1.35  # around what is shown


def draw_anchor_figure(
    titles: Sequence[str], views: dict[str, list[AnchorView]], maps: Sequence[str] = ()
) -> Figure:
    """Draw one row a keypoint: where it is, then for each model its anchors and what it found.

    Args:
        titles: of the keypoints, e.g. "left wrist, hidden".
        views: {title of the model: one view per keypoint}.
        maps: of :attr:`AnchorView.maps`, each of which adds a panel beside that of a model.
    """
    columns = [_Panel("", "", next(iter(views.values())))]
    for model, of_model in views.items():
        shown = [name for name in maps if any(name in view.maps for view in of_model)]
        columns += [_Panel(model, name, of_model) for name in ("", *shown)]
    frames = [
        _Frame.of([of_model[row] for of_model in views.values()]) for row in range(len(titles))
    ]
    heights = [_PANEL * frame.aspect for frame in frames]
    width = _PANEL * len(columns) + _BAR * sum(bool(panel.map_name) for panel in columns)
    size = (width, sum(heights) + _TITLE * len(titles) + 0.4)
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(len(titles), len(columns), squeeze=False, height_ratios=heights)
    figure.get_layout_engine().set(w_pad=0.03, h_pad=0.05, wspace=0, hspace=0)
    for row, (title, frame) in enumerate(zip(titles, frames, strict=True)):
        for axis, panel in zip(axes[row], columns, strict=True):
            _draw_panel(axis, panel, panel.views[row], frame)
            axis.set_title(_heading(panel, panel.views[row]) or title, fontsize=8)
    place = "outside lower center"
    figure.legend(
        handles=_legend(columns), loc=place, ncols=2 if len(columns) < 6 else 5, fontsize=8
    )
    return figure


class _Panel(NamedTuple):
    """A column: the keypoints alone (no model), a model's anchors (no map), or one of its maps."""

    model: str
    map_name: str
    views: list[AnchorView]


def _heading(panel: _Panel, view: AnchorView) -> str:
    if panel.map_name:
        return panel.map_name if panel.map_name in view.maps else " "
    if panel.model and np.isnan(view.found_xy).any():
        return f"{panel.model}: not found"
    return panel.model + ("" if not panel.model or view.score is None else f": {view.score:.2f}")


def _draw_panel(axis: Axes, panel: _Panel, view: AnchorView, frame: "_Frame") -> None:
    height, width = view.image.shape[:2]
    axis.set_facecolor("#d0d0d0")
    axis.imshow(view.image, extent=(0, width, height, 0), interpolation="nearest")
    if panel.map_name and panel.map_name in view.maps:
        _draw_map(axis, view, view.maps[panel.map_name])
    target = view.keypoints[view.kind, :2]
    axis.plot(*target, "o", mfc="none", mec="black", ms=11, mew=3)
    axis.plot(*target, "o", mfc="none", mec=TARGET_COLOR, ms=11, mew=1.8)
    if not np.array_equal(target, view.target_xy):
        axis.plot(*view.target_xy, "+", **_CENTER_STYLE)
    left, top, right, bottom = frame.of_view(frame.near if panel.model else frame.whole, view)
    if not panel.model:
        x1, y1, x2, y2 = frame.of_view(frame.near, view)
        around = [x1, x2, x2, x1, x1], [y1, y1, y2, y2, y1]
        axis.plot(*around, color="white", lw=1.2, path_effects=_OUTLINE)
    elif not panel.map_name:
        _draw_anchors(axis, view)
    axis.set(xlim=(left, right), ylim=(bottom, top), xticks=[], yticks=[])


def _draw_map(axis: Axes, view: AnchorView, values: np.ndarray) -> None:
    (left, top), (height, width) = view.origin, values.shape
    extent = (left, left + width * view.cell, top + height * view.cell, top)
    top_value = max(float(values.max()), 1e-12)
    opacity = 0.25 + 0.7 * np.sqrt(np.clip(values / top_value, 0, 1))
    axis.imshow(
        values, extent=extent, cmap=_MAP_COLORS, vmin=0, vmax=top_value, alpha=opacity,
        interpolation="nearest",
    )  # fmt: skip
    # Of opaque colours: a map's own mappable would hand its opacity on.
    shades = ScalarMappable(Normalize(0, top_value), _MAP_COLORS)
    ticks = (0, top_value) if values.any() else (0,)
    place = axis.inset_axes((1.02, 0, 0.04, 1))
    bar = axis.figure.colorbar(shades, cax=place, ticks=ticks, format="%.2g")
    bar.ax.tick_params(labelsize=7, length=2, pad=1)


def _draw_anchors(axis: Axes, view: AnchorView) -> None:
    for place in view.selected_xy:
        axis.plot(*zip(place, view.target_xy, strict=True), color=ANCHOR_COLOR, lw=0.7, alpha=0.8)
    axis.plot(*view.nearest_xy, "x", **_NEAREST_STYLE)
    axis.plot(*view.selected_xy.T, "s", color=ANCHOR_COLOR, ms=4, mec="black", mew=0.5)
    if np.isnan(view.found_xy).any():
        return
    axis.plot(*view.anchor_xy, "D", color=CHOSEN_COLOR, ms=5.5, mec="black", mew=0.7)
    _draw_arrow(axis, view.anchor_xy, view.located_xy)
    if not np.array_equal(view.located_xy, view.found_xy):
        _draw_arrow(axis, view.located_xy, view.found_xy)


def _draw_arrow(axis: Axes, start: np.ndarray, end: np.ndarray) -> None:
    style = {"arrowstyle": "->", "color": CHOSEN_COLOR, "lw": 1.5, "shrinkA": 0, "shrinkB": 0}
    style |= {"path_effects": _OUTLINE, "mutation_scale": 9}
    axis.annotate("", end, start, arrowprops=style, annotation_clip=False)


class _Frame(NamedTuple):
    """What is shown of a keypoint's inputs: left, top, right, bottom as parts of their sides.

    ``whole`` is the crop, and as far around it as the keypoint lies, or of an image with several
    people the one in question; ``near`` is around all anchors and places.
    """

    whole: np.ndarray
    near: np.ndarray
    aspect: float  # height / width in pixels

    @classmethod
    def of(cls, views: list[AnchorView]) -> "_Frame":
        """Frame one keypoint as seen by several models."""
        view, size = views[0], _size(views[0])
        low, high = np.zeros(2), np.ones(2)
        if not view.is_crop:
            labelled = view.keypoints[view.keypoints[:, 2] > 0, :2]
            low, high = labelled.min(axis=0), labelled.max(axis=0)
            margin = 0.25 * max((high - low).max(), 4 * view.cell)
            low, high = (low - margin) / size, (high + margin) / size
        points = np.vstack([_places(view) / _size(view) for view in views])
        points_low, points_high = np.nanmin(points, axis=0), np.nanmax(points, axis=0)
        share = max(((points_high - points_low) * _MARGIN / (high - low)).max(), _NEAREST)
        half = share * (high - low) / 2
        edge = (_MARGIN - 1) / 2 * half
        whole = (
            np.where(points_low < low, points_low - edge, low),
            np.where(points_high > high, points_high + edge, high),
        )
        # Moved inside what is shown whole, where it is not larger.
        limits = np.sort((whole[0] + half, whole[1] - half), axis=0)
        center = np.clip((points_low + points_high) / 2, *limits)
        x, y = (high - low) * size
        return cls(np.concatenate(whole), np.concatenate((center - half, center + half)), y / x)

    def of_view(self, window: np.ndarray, view: AnchorView) -> list[float]:
        """Return a window in pixels of a model's input."""
        return (window * np.tile(_size(view), 2)).tolist()


def _size(view: AnchorView) -> np.ndarray:
    return np.array(view.image.shape[1::-1], float)


def _places(view: AnchorView) -> np.ndarray:
    """Return (P, 2), all that a picture of anchors should show, NaN where there is none."""
    keypoint = view.keypoints[view.kind, :2]
    single = (keypoint, view.target_xy, view.anchor_xy, view.located_xy, view.found_xy)
    return np.vstack((view.selected_xy, *single))


def _legend(columns: list[_Panel]) -> list[Line2D]:
    views = [view for panel in columns for view in panel.views]
    has_centers = any((view.target_xy != view.keypoints[view.kind, :2]).any() for view in views)
    found = {"color": CHOSEN_COLOR, "mec": "black", "ms": 5, "ls": "-"}
    return [
        _handle("o", "keypoint", mfc="none", mec=TARGET_COLOR, mew=2, ms=9),
        *([_handle("+", "the person's centre", **_CENTER_STYLE)] if has_centers else []),
        _handle("x", "heatmap's anchor: the nearest candidate", **_NEAREST_STYLE),
        _handle("s", "anchors that training selects", color=ANCHOR_COLOR, mec="black", ms=5),
        _handle("D", "anchor of inference, arrow to what is found", **found),
    ]


def _handle(marker: str, label: str, ls: str = "", **style) -> Line2D:
    return Line2D([], [], ls=ls, marker=marker, label=label, **style)
