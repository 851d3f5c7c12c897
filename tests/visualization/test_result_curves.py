import numpy as np
import pytest

from adaanchor_d2.visualization.result_curves import (
    draw_errors,
    draw_precision_recall,
    draw_reliability,
)
from adaanchor_d2.visualization.styles import run_styles

KINDS = ("good", "jitter", "miss")


def test_precision_and_recall_of_each_file_and_group():
    curves = {
        name: {
            group: {"precision": [0.5, None], "recall": [1, 0.25]} for group in ("all", "hidden")
        }
        for name in ("ours", "FixAnchor")
    }
    figure = draw_precision_recall(curves, [0, 1])
    assert [axis.get_title() for axis in figure.axes[:2]] == ["all keypoints", "hidden keypoints"]
    recall, precision = figure.axes[1].lines[0], figure.axes[3].lines[0]
    assert recall.get_ydata().tolist() == [100, 25]
    assert precision.get_ydata()[0] == 50 and np.isnan(precision.get_ydata()[1])
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["ours", "FixAnchor"]
    assert figure.axes[0].lines[1].get_color() == run_styles(["FixAnchor"])["FixAnchor"]["color"]


def test_files_look_in_all_pictures_as_their_rule_does():
    bins = {"count": [60, 60], "score": [0.1, 0.9], "accuracy": [0, 1]}
    figure = draw_reliability({name: {"all": bins} for name in ("theirs", "AdaAnchor", "ada/1")})
    _, theirs, _, first, _, second, _ = figure.axes[0].lines
    assert first.get_color() == second.get_color() == run_styles(["ada"])["ada"]["color"]
    assert theirs.get_color() != first.get_color()
    assert first.get_linestyle() != second.get_linestyle()


def test_reliability_leaves_empty_bins_out():
    bins = {"count": [60, 0, 20], "score": [0.1, None, 0.9], "accuracy": [0, None, 1]}
    figure = draw_reliability({"ours": {"all": bins}})
    honest, ours, few = figure.axes[0].lines
    assert ours.get_xydata().tolist() == [[0.1, 0], [0.9, 1]] and not len(few.get_xdata())
    assert figure.axes[1].patches[0].get_data().values.tolist() == [75, 0, 25]


def test_bins_of_few_keypoints_are_hollow_and_off_the_line():
    bins = {"count": [60, 19, 20], "score": [0.1, 0.5, 0.9], "accuracy": [0, 1, 1]}
    figure = draw_reliability({"ours": {"all": bins}})
    _, ours, few = figure.axes[0].lines
    assert ours.get_xdata().tolist() == [0.1, 0.9] and few.get_xdata().tolist() == [0.5]
    assert few.get_markerfacecolor() == "none" and few.get_linestyle() == "None"


@pytest.mark.filterwarnings("error:constrained_layout not applied")
def test_files_with_bins_of_few_keypoints_only_can_be_laid_out():
    bins = {"count": [3, 0], "score": [0.1, None], "accuracy": [0, None]}
    figure = draw_reliability({name: {"all": bins, "hidden": bins} for name in ("ours", "theirs")})
    figure.draw_without_rendering()


def test_errors_are_stacked_to_a_hundred_percent():
    bars = {
        "left_hip": {"good": 6, "jitter": 1, "miss": 1},
        "nose": {"good": 0, "jitter": 0, "miss": 0},
    }
    figure = draw_errors({"ours": bars, "theirs": bars}, KINDS)
    axis, second = figure.axes[:2]
    widths = np.array([[bar.get_width() for bar in bars] for bars in axis.containers])
    np.testing.assert_allclose(widths.T, [[75, 12.5, 12.5], [0, 0, 0]])
    assert [bar.get_x() for bar in axis.containers[2]][0] == 87.5
    assert [tick.get_text() for tick in axis.get_yticklabels()] == ["left_hip", "nose"]
    assert (axis.get_title(), second.get_title()) == ("ours", "theirs")


@pytest.mark.parametrize(("num_files", "num_bars"), [(3, 98), (8, 17), (8, 98), (1, 133)])
def test_pictures_of_errors_fit_a_screen_and_their_names_do_not_overlap(num_files, num_bars):
    bars = {f"joint_{number}": dict.fromkeys(KINDS, 1) for number in range(num_bars)}
    figure = draw_errors({f"file {number}": bars for number in range(num_files)}, KINDS)
    width, height = figure.get_size_inches()
    assert height < 16 and width < 24
    figure.draw_without_rendering()
    first = figure.axes[0]
    boxes = [label.get_window_extent() for label in first.get_yticklabels()]
    assert all(upper.y0 >= lower.y1 for upper, lower in zip(boxes, boxes[1:], strict=False))
    panels = [axis.get_window_extent() for axis in figure.axes[:num_files]]
    assert min(panel.width for panel in panels) > 150
