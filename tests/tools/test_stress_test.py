"""The command on real samples, with untrained networks."""

import csv

import cv2
import pytest
import torch
from detectron2.modeling import build_model
from helpers.tiny import tiny_config


@pytest.fixture
def model(tmp_path, shared_data, monkeypatch):
    """Return a function that writes a config and weights; their paths."""
    monkeypatch.setenv("DETECTRON2_DATASETS", str(shared_data))

    def write(rule: str, seeds: int = 1, **overrides) -> list:
        cfg = tiny_config(rule, **{"DATASETS__TEST": ("coco_keypoints_val",)} | overrides)
        (tmp_path / f"{rule}.yaml").write_text(cfg.dump())
        paths = [tmp_path / f"{rule}{seed}.pth" for seed in range(seeds)]
        for seed, path in enumerate(paths):
            torch.manual_seed(seed)
            torch.save({"model": build_model(cfg).state_dict()}, path)
        return ["--model", tmp_path / f"{rule}.yaml", *paths]

    return write


def read(path) -> list[dict]:
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def test_curves_pictures_and_table(run_tool, model, tmp_path):
    models = [*model("AdaAnchor", seeds=2), *model("RegressionAnchor")]
    output = tmp_path / "out"
    options = ["--fractions", "0.4", "--limit", "6", "--output-dir", output]
    assert run_tool("stress_test.py", *models, *options) == 0
    for kind in ("occluder", "truncation"):
        for name in ("curves", "examples"):
            assert cv2.imread(str(output / f"{kind}_{name}.png")).std() > 10
    rows = read(output / "stress.csv")
    assert {row["fraction"] for row in rows} == {"0.0", "0.4"}
    assert len({row["weights"] for row in rows}) == 3
    assert {row["model"] for row in rows} == {"AdaAnchor", "RegressionAnchor"}
    for row in rows:
        assert (row["score"] == "") == (row["model"] == "RegressionAnchor")
        if row["fraction"] == "0.0":
            assert row["error"] == row["error_before"] and row["group"] in ("all", "uncovered")
        else:
            assert float(row["hidden_fraction"]) == pytest.approx(0.4, abs=0.02)
    # Which keypoints are hidden does not depend on the model.
    counts = {}
    for row in rows:
        key = (row["kind"], row["fraction"], row["group"])
        counts.setdefault(key, set()).add(row["keypoints"])
    assert all(len(numbers) == 1 for numbers in counts.values())
    assert ("occluder", "0.4", "covered") in counts and ("truncation", "0.4", "outside") in counts


def test_batches_and_company_change_nothing(run_tool, model, tmp_path):
    ada, fix = model("AdaAnchor"), model("FixAnchor")
    options = ["--fractions", "0.5", "--limit", "5", "--kind", "occluder", "--output-dir"]
    run_tool("stress_test.py", *ada, *options, tmp_path / "one", "TEST.BATCH_SIZE", "1")
    run_tool("stress_test.py", *fix, *ada, *options, tmp_path / "two", "TEST.BATCH_SIZE", "3")
    alone = read(tmp_path / "one" / "stress.csv")
    together = read(tmp_path / "two" / "stress.csv")
    for row, other in zip(
        alone, [row for row in together if row["model"] == "AdaAnchor"], strict=True
    ):
        assert row["keypoints"] == other["keypoints"]
        assert float(row["error"]) == pytest.approx(float(other["error"]), abs=1e-3)


def test_faces(run_tool, model, tmp_path):
    models = model(
        "AdaAnchor", DATASETS__TEST=("wflw_test",), MODEL__KEYPOINT_HEAD__NUM_KEYPOINTS=98
    )
    options = ["--fractions", "0.3", "--output-dir", tmp_path / "out"]
    assert run_tool("stress_test.py", *models, *options) == 0
    covered = [r for r in read(tmp_path / "out" / "stress.csv") if r["group"] == "covered"]
    assert covered and all(int(row["keypoints"]) > 20 for row in covered)


def test_mistakes_get_one_sentence(run_tool, model, tmp_path, capsys):
    ada = model("AdaAnchor")
    detector = ("INPUT.PERSON_BOXES", "detector")
    other = model("FixAnchor", INPUT__CROP_SIZE=(64, 96))
    for arguments, sentence in (
        ([*ada, "--fractions", "1.5"], "The fraction to hide is 1.5, but must be from 0 to 0.95."),
        ([*ada, "--limit", "0"], "--limit is 0, but must be at least 1."),
        ([*ada, "--confidence-threshold", "2"], "--confidence-threshold: must be a number from"),
        ([*ada, "--seed", "-1"], "The seed of a stress test is -1"),
        ([*ada, "--seed", "0", *detector], "INPUT.PERSON_BOXES is detector, but the stress test"),
        ([*ada, *other], "INPUT.CROP_SIZE is (64, 96) in"),
    ):
        arguments = ["--output-dir", tmp_path / "out", *arguments]
        assert run_tool("stress_test.py", *arguments) == 2
        error = capsys.readouterr().err.strip().splitlines()[-1]
        assert "error: " in error and sentence in error
    assert not (tmp_path / "out").exists()


def test_models_of_whole_images_are_refused(run_tool, model, tmp_path, capsys):
    from helpers.crowds import WHOLE_IMAGES

    models = model("AdaAnchor", MODEL__META_ARCHITECTURE="BottomUpPose", **WHOLE_IMAGES)
    assert run_tool("stress_test.py", *models, "--output-dir", tmp_path / "out") == 2
    assert "it needs a model of person crops" in capsys.readouterr().err
