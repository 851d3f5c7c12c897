import numpy as np

from adaanchor_d2.visualization.result_curves import (
    draw_errors,
    draw_precision_recall,
    draw_reliability,
)

KINDS = ("good", "jitter", "miss")


def test_precision_and_recall_of_each_file_and_group():
    curves = {
        name: {
            group: {"precision": [0.5, None], "recall": [1, 0.25]} for group in ("all", "hidden")
        }
        for name in ("ours", "theirs")
    }
    figure = draw_precision_recall(curves, [0, 1])
    assert [axis.get_title() for axis in figure.axes] == ["all keypoints", "hidden keypoints"]
    recall, precision, *_ = figure.axes[1].lines
    assert recall.get_ydata().tolist() == [100, 25]
    assert precision.get_ydata()[0] == 50 and np.isnan(precision.get_ydata()[1])
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == [f"{n}: {m}" for n in ("ours", "theirs") for m in ("recall", "precision")]
    assert len({line.get_color() for line in figure.axes[0].lines}) == 2


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


def test_errors_are_stacked_to_a_hundred_percent():
    counts = {
        "ours": {"left_hip": {"good": 6, "jitter": 1, "miss": 1}},
        "theirs": {"left_hip": {"good": 0, "jitter": 0, "miss": 0}},
    }
    axis = draw_errors(counts, KINDS).axes[0]
    widths = np.array([[bar.get_width() for bar in bars] for bars in axis.containers])
    np.testing.assert_allclose(widths.T, [[75, 12.5, 12.5], [0, 0, 0]])
    assert [bar.get_x() for bar in axis.containers[2]][0] == 87.5
    assert [tick.get_text() for tick in axis.get_yticklabels()] == [
        "left hip: ours",
        "left hip: theirs",
    ]
