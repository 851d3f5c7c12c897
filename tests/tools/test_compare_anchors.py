"""A tiny grid from drawing the data to the tables, and what is used again of it."""

import json
import shutil

import pytest

SMALL = [
    *("--num-train", "12", "--num-val", "12", "--resamples", "100", "--jobs", "2"),
    *("--", "SOLVER.MAX_ITER", "4", "SOLVER.STEPS", "()", "MODEL.KEYPOINT_HEAD.FIXED_ITERS", "1"),
]


@pytest.fixture(autouse=True)
def data_root(monkeypatch):
    """The tool sets the variable for itself; take that back after the test."""
    monkeypatch.setenv("DETECTRON2_DATASETS", "set by the tool")


def test_a_grid_is_trained_once_and_compared(run_tool, capsys, tmp_path):
    output = tmp_path / "out"
    command = ("compare_anchors.py", "--output-dir", output, "--data-seed", "1", "--rows", "ada")
    status = run_tool(*command, "--seeds", "0", *SMALL)
    printed, complaint = capsys.readouterr()
    assert status == 0, complaint
    assert "Added fix and heatmap_subpixel" in printed and "training 3." in printed
    assert "Nothing is claimed: with one seed" in printed
    runs = {path.parent.relative_to(output).parts for path in output.glob("*/*/metrics.json")}
    assert runs == {(row, "seed0") for row in ("ada", "fix", "heatmap_subpixel")}
    assert json.loads((output / "datasets" / "synthetic_people.json").read_text())["seed"] == 1

    for row, _ in runs:  # stands for a second seed
        shutil.copytree(output / row / "seed0", output / row / "seed1")
        config = output / row / "seed1" / "config.yaml"
        config.write_text(config.read_text().replace("SEED: 0", "SEED: 1"))
    assert run_tool(*command, "--seeds", "0", "1", *SMALL) == 0
    printed = capsys.readouterr().out
    assert "Found the data" in printed and "6 of 6 runs are there; training 0." in printed
    tables = (output / "tables.md").read_text()
    assert tables in printed and "Mean and standard deviation over seeds 0, 1" in tables
    assert tables.count("95 % interval of the difference") == 9
    data = json.loads((output / "comparison.json").read_text())
    assert set(data["rows"]) == {"ada", "fix", "heatmap_subpixel"}
    record = json.loads((output / "ada/seed0/metrics.json").read_text().splitlines()[-1])
    values = data["rows"]["ada"]["visibility/InvError"]["values"]
    assert values == [record["visibility/InvError"]] * 2

    # Other data, another config, results of another run: one sentence each, nothing is trained.
    assert run_tool(*command, "--seeds", "0", "--data-seed", "2", *SMALL) == 2
    assert "holds data drawn with seed 1" in capsys.readouterr().err
    assert run_tool(*command, "--seeds", "0", *SMALL, "SOLVER.BASE_LR", "0.1") == 2
    assert "a finished run with SOLVER.BASE_LR 0.004, but 0.1 is asked" in capsys.readouterr().err
    results = "inference/coco_instances_results.json"
    shutil.copy(output / "fix/seed0" / results, output / "ada/seed0" / results)
    assert run_tool(*command, "--seeds", "0", "1", *SMALL) == 2
    assert "one of the three is of another run" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--rows", "fix"], "--rows names baselines only"),
        (["--rows", "ada", "--jobs", "0"], "--jobs is 0"),
        (["--rows", "ada", "--seeds", "1", "1"], "--seeds names a seed more than once"),
        (["--rows", "ada", "--resamples", "5"], "--resamples is 5"),
        (["--rows", "ada", "--seeds", "-1"], "--seeds names -1"),
        (["--rows", "ada"], "does not exist: --data-seed 1 draws these data."),
        (["--rows", "ada", "--", "DATASETS.TRAIN", "('mine',)"], "data set 'mine' is unknown"),
        (["--rows", "x=MODEL.NO_KEY,1"], "key MODEL.NO_KEY in the options of x, seed 0"),
        (
            ["--config-file", "configs/coco_single/ada_R50_256x192.yaml", "--data-seed", "0"],
            "is no config of theirs",
        ),
    ],
)
def test_mistakes_are_told_before_anything_is_drawn(
    run_tool, capsys, tmp_path, arguments, sentence
):
    assert run_tool("compare_anchors.py", "--output-dir", tmp_path / "out", *arguments) == 2
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
