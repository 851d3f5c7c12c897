import numpy as np

from adaanchor_d2.visualization.sweeps import draw_sweep


def test_lines_are_means_with_deviations_over_seeds():
    panels = {
        "AP": {"ada": np.array([[10.0, 20.0], [12.0, 26.0]]), "fix": np.array([[5.0, 6.0]])},
        "recall": {"ada": np.array([[1.0, np.nan]])},
    }
    figure = draw_sweep(panels, [0.1, 0.5], "gamma")
    first, second = figure.axes
    assert (first.get_title(), second.get_title()) == ("AP", "recall")
    assert first.get_xlabel() == "gamma"
    ada, fix = first.containers
    assert ada.lines[0].get_xydata().tolist() == [[0.1, 11.0], [0.5, 23.0]]
    low, high = ada.lines[2][0].get_segments()[1][:, 1]
    assert np.isclose(high - low, 2 * np.sqrt(18))
    assert fix.lines[2] == () and fix.lines[0].get_ydata().tolist() == [5.0, 6.0]
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["ada (2 seeds)", "fix"]


def test_a_logarithmic_axis_shows_the_values():
    figure = draw_sweep({"AP": {"ada": np.ones((1, 3))}}, [1, 4, 16], "k", log_x=True)
    (axis,) = figure.axes
    assert axis.get_xscale() == "log" and not figure.legends
    assert [text.get_text() for text in axis.get_xticklabels()] == ["1", "4", "16"]
