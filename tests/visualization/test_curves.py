import json

from adaanchor_d2.visualization.curves import draw_curves, read_metrics


def write_metrics(folder):
    records = [
        {"iteration": 0, "total_loss": 4.0},
        {"iteration": 9, "total_loss": 1.0, "keypoints/AP": 30.0, "confidence/Recall@0.5": 60.0},
        {"iteration": 19, "keypoints/AP": 40.0, "confidence/Recall@0.5": 70.0},
    ]
    lines = "\n".join(json.dumps(record) for record in records)
    (folder / "metrics.json").write_text(lines + '\n{"iteration": 29, "tot')


def test_a_line_that_was_cut_short_is_left_out(tmp_path):
    write_metrics(tmp_path)
    assert [record["iteration"] for record in read_metrics(tmp_path)] == [0, 9, 19]


def test_curves_show_the_metrics(tmp_path):
    write_metrics(tmp_path)
    figure = draw_curves({"run": read_metrics(tmp_path)}, {"AP": "keypoints/AP"})
    loss, ap = figure.axes[0].lines[0], figure.axes[1].lines[0]
    assert loss.get_xydata().tolist() == [[0, 1.0], [9, 0.25]]
    assert ap.get_xydata().tolist() == [[9, 30.0], [19, 40.0]]
    recall = next(axis for axis in figure.axes if "recall" in axis.get_title())
    assert recall.lines[0].get_xydata().tolist() == [[0.5, 70.0]]
    assert not any("precision" in axis.get_title() for axis in figure.axes)


def test_the_sweep_over_gamma_shows_the_last_evaluation():
    records = [
        {"iteration": 9, "keypoints_gamma0.1/AP": 30.0, "keypoints_gamma0.5/AP": 20.0},
        {"iteration": 19, "keypoints_gamma0.5/AP": 40.0, "keypoints_gamma0.1/AP": 50.0},
        {"iteration": 19, "keypoints_gamma0.1/AP50": 99.0, "keypoints/AP": 98.0},
    ]
    figure = draw_curves({"run": [{"iteration": 0, "total_loss": 1.0}, *records]}, {})
    (axis,) = (axis for axis in figure.axes if axis.get_xlabel() == "gamma")
    assert axis.get_title() == "AP"
    assert axis.lines[0].get_xydata().tolist() == [[0.1, 50.0], [0.5, 40.0]]
