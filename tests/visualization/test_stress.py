import numpy as np
import pytest
import torch

from adaanchor_d2.visualization.stress import draw_stress_curves, draw_stress_examples


def row(model: str, fraction: float, group: str = "all", **figures) -> dict:
    values = {"error": 3.0, "error_before": 2.0, "recall": 50.0, "precision": None, "score": 0.5}
    return {"model": model, "fraction": fraction, "group": group, **values, **figures}


def panels(figure) -> dict:
    return {axis.get_title(): axis for axis in figure.axes if axis.get_title()}


def test_a_curve_is_the_mean_over_the_runs_of_a_model():
    rows = [row("Ada", f, error=error) for f, error in ((0.5, 4), (0.0, 1), (0.5, 8), (0.0, 1))]
    rows += [row("Heatmap", f, error=2 + f) for f in (0.0, 0.5)]
    axis = panels(draw_stress_curves(rows, ["all"], "occluder"))["mean error (input px)"]
    curves = {line.get_label(): line.get_xydata().tolist() for line in axis.lines}
    assert curves["Ada"] == [[0, 1], [0.5, 6]] and curves["Heatmap"] == [[0, 2], [0.5, 2.5]]
    band = axis.collections[0].get_paths()[0].vertices
    assert band[:, 1].max() == pytest.approx(6 + np.std([4, 8], ddof=1))
    before = [line for line in axis.lines if line.get_linestyle() == ":"]
    assert [line.get_xydata().tolist() for line in before] == [[[0, 2], [0.5, 2]]] * 2


def test_figures_that_no_model_has_get_no_panel():
    rows = [row("Regression", f, score=None) for f in (0, 0.5)]
    assert list(panels(draw_stress_curves(rows, ["all"], ""))) == [
        "mean error (input px)",
        "recall (%)",
    ]


def test_groups_are_rows_and_models_keep_their_colours():
    rows = [
        row(model, f, group) for model in "ab" for f in (0, 0.5) for group in ("all", "covered")
    ]
    figure = draw_stress_curves(rows, ["all", "covered"], "")
    labels = [axis.get_ylabel() for axis in figure.axes if axis.get_ylabel()]
    assert labels == ["all keypoints", "covered keypoints"]
    colours = {line.get_color() for axis in figure.axes for line in axis.lines}
    assert len(colours) == 2
    assert {text.get_text() for text in figure.legends[0].get_texts()} >= {"a", "b"}


def test_examples_tell_hidden_keypoints():
    sample = {
        "image": torch.zeros(3, 40, 30, dtype=torch.uint8),
        "keypoints": torch.tensor([(3.0, 4, 2), (5, 6, 1), (0, 0, 0)]),
        "hidden": np.array([False, True, True]),
        "hidden_fraction": 0.25,
    }
    figure = draw_stress_examples([[sample, sample]], "occluder")
    seen, hidden = figure.axes[1].lines
    assert seen.get_xydata().tolist() == [[3, 4]] and hidden.get_xydata().tolist() == [[5, 6]]
    assert figure.axes[0].get_title() == "hidden 25 %"
