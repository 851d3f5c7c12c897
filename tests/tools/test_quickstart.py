"""The quick start's command, with little data and few iterations."""

import json

import cv2
import pytest


@pytest.fixture(autouse=True)
def data_root(monkeypatch):
    """The quick start sets the variable for itself; take that back after the test."""
    monkeypatch.setenv("DETECTRON2_DATASETS", "set by the quick start")


def test_quick_start_writes_table_summary_and_pictures(run_tool, capsys, tmp_path):
    output = tmp_path / "out"
    status = run_tool(
        "quickstart.py",
        *("--output-dir", str(output), "--num-train", "12", "--num-val", "12"),
        *("SOLVER.MAX_ITER", "4", "SOLVER.STEPS", "()", "TEST.EVAL_PERIOD", "4"),
        *("MODEL.KEYPOINT_HEAD.FIXED_ITERS", "1"),
    )
    printed = capsys.readouterr().out
    assert status == 0, printed
    summary = json.loads((output / "summary.json").read_text())
    assert set(summary) == {"AdaAnchor", "FixAnchor", "HeatmapAnchor"}
    for rule, figures in summary.items():
        assert {"AP", "vis_error", "vis_score", "inv_error", "inv_score"} <= set(figures)
        assert rule in printed
        assert f"{figures['vis_error']:.3f}" in printed
    for name in ("anchors.png", "curves.png"):
        picture = cv2.imread(str(output / name))
        assert picture is not None and picture.std() > 10


def test_crowds_are_compared_over_gamma(run_tool, capsys, tmp_path):
    output = tmp_path / "out"
    status = run_tool(
        "quickstart.py",
        *("--subject", "crowds", "--rules", "AdaAnchor", "HeatmapAnchor"),
        *("--output-dir", str(output), "--num-train", "8", "--num-val", "8"),
        *("SOLVER.MAX_ITER", "4", "SOLVER.STEPS", "()", "TEST.EVAL_PERIOD", "4"),
        *("MODEL.KEYPOINT_HEAD.FIXED_ITERS", "1"),
    )
    printed = capsys.readouterr().out
    assert status == 0, printed
    summary = json.loads((output / "summary.json").read_text())
    assert set(summary) == {"AdaAnchor", "HeatmapAnchor"}
    for figures in summary.values():
        assert {"AP", "recall", "AP_gamma0.5", "recall_gamma0.5"} <= set(figures)
        assert figures["recall"] >= figures["recall_gamma0.5"]
    assert cv2.imread(str(output / "curves.png")).std() > 10


def test_a_rule_that_does_not_serve_is_refused_before_anything_is_drawn(run_tool, capsys, tmp_path):
    arguments = ("--subject", "crowds", "--rules", "RegressionAnchor", "--output-dir")
    status = run_tool("quickstart.py", *arguments, str(tmp_path / "out"))
    assert status == 2
    assert "--rules RegressionAnchor does not serve --subject crowds" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--num-val", "0"], "--num-val must be above 0, not 0."),
        (["--num-train", "-1"], "--num-train must be above 0, not -1."),
        (["SOLVER.BASE_LR", "x"], "SOLVER.BASE_LR"),
        (["SOLVER.IMS_PER_BATCH", "0"], "SOLVER.IMS_PER_BATCH is 0"),
        (["MODEL.TIMM.NAME", "no_such_network"], "no_such_network"),
        (["MODEL.KEYPOINT_HEAD.SIGMA", "-1.0"], "MODEL.KEYPOINT_HEAD.SIGMA must be positive"),
        (["MODEL.KEYPOINT_HEAD.NUM_KEYPOINTS", "5"], "MODEL.KEYPOINT_HEAD.NUM_KEYPOINTS is 5"),
        (["SOLVER.BEST_METRIC", "keypoints/NME"], "SOLVER.BEST_METRIC"),
        (["--subject", "crowds", "TEST.GAMMAS", "(0.1, 0.2, 0.1)"], "names 0.1 more than once"),
    ],
)
def test_mistakes_are_told_before_anything_is_drawn(
    run_tool, capsys, tmp_path, arguments, sentence
):
    output = tmp_path / "out"
    assert run_tool("quickstart.py", "--output-dir", str(output), *arguments) == 2
    printed = capsys.readouterr()
    assert sentence in printed.err and "Traceback" not in printed.err
    assert "Writing" not in printed.out and not output.exists()
