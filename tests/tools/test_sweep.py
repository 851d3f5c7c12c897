"""Sweeps over the threshold and over what is trained for each value."""

import csv
import json

import cv2
import pytest

from adaanchor_d2.engine.config_file import load_config

CENTERS = "configs/quickstart_centers"
SMALL = [
    *("--num-train", "12", "--num-val", "12", "--", "SOLVER.MAX_ITER", "2"),
    *("SOLVER.STEPS", "()", "MODEL.KEYPOINT_HEAD.FIXED_ITERS", "1"),
]


@pytest.fixture(autouse=True)
def data_root(monkeypatch):
    """The tool sets the variable for itself; take that back after the test."""
    monkeypatch.setenv("DETECTRON2_DATASETS", "set by the tool")


def read(path) -> list[dict]:
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def write_run(folder, rule: str, seed: int) -> None:
    folder.mkdir(parents=True)
    cfg = load_config(f"{CENTERS}/{rule}.yaml", ["SEED", str(seed), "OUTPUT_DIR", str(folder)])
    (folder / "config.yaml").write_text(cfg.dump())
    record = {"iteration": 1499, "keypoints/AP": 30.0}
    for gamma in (0.1, 0.5):
        record[f"keypoints_gamma{gamma}/AP"] = 30.0 - 10 * gamma - seed
        record[f"keypoints_gamma{gamma}/PersonRecall@OKS0.5"] = 60.0 - gamma
    (folder / "metrics.json").write_text(json.dumps(record))


def test_gamma_of_what_runs_evaluated(run_tool, capsys, tmp_path):
    for rule in ("ada", "fix"):
        for seed in (0, 1):
            write_run(tmp_path / "runs" / f"{rule}_s{seed}", rule, seed)
    out = tmp_path / "out"
    assert run_tool("sweep.py", "gamma", "--runs", tmp_path / "runs", "--output-dir", out) == 0
    lines = read(out / "gamma.csv")
    assert [(line["row"], line["seed"], line["gamma"]) for line in lines[:3]] == [
        ("ada", "0", "0.1"),
        ("ada", "0", "0.5"),
        ("ada", "1", "0.1"),
    ]
    assert [line["AP"] for line in lines if line["row"] == "fix"] == [
        "29.0",
        "25.0",
        "28.0",
        "24.0",
    ]
    assert cv2.imread(str(out / "gamma.png")).std() > 10
    status = run_tool(
        *("sweep.py", "gamma", "--runs", tmp_path / "runs", "--values", "0.3"),
        *("--output-dir", out),
    )
    assert status == 2 and "it has no model_final.pth" in capsys.readouterr().err


def test_models_of_different_test_sets_are_not_drawn_in_one_picture(run_tool, capsys, tmp_path):
    for rule in ("ada", "fix"):
        write_run(tmp_path / rule, rule, seed=0)
    config = tmp_path / "fix" / "config.yaml"
    config.write_text(config.read_text().replace("_val", "_other"))
    for rule in ("ada", "fix"):
        (tmp_path / rule / "model_final.pth").touch()
    model = ("--model", config, tmp_path / "ada" / "model_final.pth")
    for arguments in (
        ("--runs", tmp_path / "ada", tmp_path / "fix"),
        ("--runs", tmp_path / "ada", *model),
        ("--runs", tmp_path / "ada", *model, "--values", "0.5"),
        ("--runs", tmp_path / "ada", tmp_path / "fix", "--values", "0.5"),
    ):
        assert run_tool("sweep.py", "gamma", *arguments, "--output-dir", tmp_path / "out") == 2
        error = capsys.readouterr().err
        assert "is evaluated on" in error and "/fix" in error
        assert "synthetic_crowds_other" in error and "synthetic_crowds_val" in error


def test_models_of_runs_titles_are_numbered_and_evaluated_apart(run_tool, capsys, tmp_path):
    small = ("--num-train", "4", "--num-val", "4", "--", *SMALL[SMALL.index("--") + 1 :])
    command = ("sweep.py", "k", "--values", "2", "--data-seed", "0", "--output-dir", tmp_path)
    assert run_tool(*command, *small) == 0, capsys.readouterr().err
    (tmp_path / "k2" / "seed0").rename(tmp_path / "AdaAnchor")
    run, out = tmp_path / "AdaAnchor", tmp_path / "gamma"
    mixed = ("--runs", run, "--model", run / "config.yaml", run / "model_final.pth")
    assert run_tool("sweep.py", "gamma", *mixed, "--values", "0.5", "--output-dir", out) == 0
    assert [line["row"] for line in read(out / "gamma.csv")] == ["AdaAnchor", "AdaAnchor (2)"]
    command = ("sweep.py", "gamma", *mixed, "--titles", "AdaAnchor", "--output-dir", out)
    assert run_tool(*command) == 2
    assert "gives the name AdaAnchor, which another" in capsys.readouterr().err
    assert run_tool("sweep.py", "gamma", "--runs", run, "--output-dir", out, "SEED", "1") == 2
    assert "options change nothing that is recorded" in capsys.readouterr().err


def test_a_rule_without_confidence_has_no_thresholds(run_tool, capsys, tmp_path):
    cfg = load_config("configs/quickstart/regression.yaml")
    (tmp_path / "config.yaml").write_text(cfg.dump())
    for values in ((), ("--values", "0.5")):
        arguments = ("gamma", "--runs", tmp_path, *values, "--output-dir", tmp_path / "out")
        assert run_tool("sweep.py", *arguments) == 2
        assert f"{tmp_path}: RegressionAnchor has no confidence" in capsys.readouterr().err


def test_k_trains_a_run_for_each_value(run_tool, capsys, tmp_path):
    command = ("sweep.py", "k", "--values", "4", "1", "--data-seed", "0", "--output-dir", tmp_path)
    assert run_tool(*command, *SMALL) == 0, capsys.readouterr().err
    assert "training 2." in capsys.readouterr().out
    lines = read(tmp_path / "k.csv")
    assert [(line["row"], line["k"]) for line in lines] == [("AdaAnchor", "1"), ("AdaAnchor", "4")]
    assert all(float(line["hidden: error (px)"]) > 0 for line in lines)
    for value in (1, 4):
        cfg = load_config(str(tmp_path / f"k{value}" / "seed0" / "config.yaml"))
        assert cfg.MODEL.KEYPOINT_HEAD.NUM_ANCHORS == value
    assert cv2.imread(str(tmp_path / "k.png")).std() > 10
    # Thresholds of a trained run, all from one pass.
    out = tmp_path / "gamma"
    arguments = ("--runs", tmp_path / "k4", "--values", "0.005", "0.5", "--output-dir", out)
    assert run_tool("sweep.py", "gamma", *arguments, "--", "MODEL.DEVICE", "cpu") == 0
    recall = {line["gamma"]: float(line["keypoint recall (%)"]) for line in read(out / "gamma.csv")}
    assert recall["0.005"] > recall["0.5"] == 0
    assert not (tmp_path / "k4" / "seed0" / "inference" / "evaluations").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["gamma"], "--runs and --model are both missing"),
        (["gamma", "--runs", "configs"], "configs holds no run"),
        (["gamma", "--runs", "x", "--values", "2"], "--values 2 is no confidence threshold"),
        (["k", "--values", "1.5"], "must be whole"),
        (["k", "--config-file", "configs/quickstart/heatmap.yaml"], "HeatmapAnchor has no MODEL"),
        (["k", "--values", "0"], "--values 0 is no MODEL.KEYPOINT_HEAD.NUM_ANCHORS: at least 1."),
        (["sigma", "--values", "0"], "--values 0 is no MODEL.KEYPOINT_HEAD.SIGMA"),
    ],
)
def test_mistakes_are_told_before_any_work(run_tool, capsys, tmp_path, arguments, sentence):
    assert run_tool("sweep.py", *arguments, "--output-dir", tmp_path / "out") == 2
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
