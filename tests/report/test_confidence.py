"""Figures of confidence by visibility, against counting by hand."""

from types import SimpleNamespace

import numpy as np

from adaanchor_d2.report.confidence import LEAST_IN_BIN, Confidence, reliability_panels


def confidence(score, error, v, tells_hidden=True):
    keypoints = np.zeros((1, len(v), 3))
    keypoints[0, :, 2] = v
    people = SimpleNamespace(
        keypoints=keypoints, labelled=keypoints[..., 2] > 0, tells_hidden=tells_hidden
    )
    return Confidence(
        people, SimpleNamespace(score=np.array([score]), error=np.array([error], float))
    )


def test_figures_are_of_the_keypoints_found_by_visibility():
    inf, nan = np.inf, np.nan
    one = confidence(
        score=[0.9, 0.8, 0.6, nan, 0.5], error=[0.5, 2.0, 1.0, inf, nan], v=[2, 2, 1, 1, 0]
    )
    figures = one.figures()
    assert np.isclose(figures["right (%), all"], 100 * 2 / 3)
    assert figures["right (%), hidden"] == 100.0 and figures["mean confidence, hidden"] == 0.6
    assert figures["AUROC, visible"] == 1.0 and "AUROC, hidden" not in figures
    assert np.isclose(figures["ECE, all"], (0.1 + 0.8 + 0.4) / 3)


def test_recall_counts_what_is_not_found():
    one = confidence(score=[0.9, 0.2, np.nan], error=[0.5, 0.5, np.inf], v=[2, 2, 2])
    precision, recall = one.over_thresholds("all")
    assert np.isclose(recall[0], 200 / 3) and precision[0] == 100
    assert np.isclose(recall[25], 100 / 3)  # threshold 0.5


def test_only_full_bins_are_drawn():
    score = [0.95] * LEAST_IN_BIN + [0.5] * (LEAST_IN_BIN - 1)
    one = confidence(score, [0.5] * 5 + [2.0] * (len(score) - 5), [2] * len(score))
    ((x, y),) = one.reliability("all")
    assert np.isclose(x, 0.95) and y == 5 / LEAST_IN_BIN


def test_without_flags_nothing_is_split():
    one = confidence([0.5] * 3, [0.5] * 3, [2, 1, 2], tells_hidden=False)
    assert [panel.title for panel in reliability_panels({"run": one})] == [
        "share right, all keypoints"
    ]
