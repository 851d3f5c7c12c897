"""The command on real samples, with untrained networks."""

import cv2
import pytest
import torch
from detectron2.modeling import build_model
from helpers.crowds import bottom_up_config, center_config
from helpers.tiny import tiny_config


@pytest.fixture
def model(tmp_path, shared_data, monkeypatch):
    """Return a function that writes a config and its weights; the flag that names them."""
    monkeypatch.setenv("DETECTRON2_DATASETS", str(shared_data))

    def write(rule: str, make_config=tiny_config, **overrides) -> list:
        cfg = make_config(rule, **{"DATASETS__TEST": ("coco_keypoints_val",)} | overrides)
        name = f"{make_config.__name__}{rule}"
        (tmp_path / f"{name}.yaml").write_text(cfg.dump())
        torch.manual_seed(0)
        torch.save({"model": build_model(cfg).state_dict()}, tmp_path / f"{name}.pth")
        return ["--model", tmp_path / f"{name}.yaml", tmp_path / f"{name}.pth"]

    return write


def pictures(folder) -> list:
    found = [cv2.imread(str(path)) for path in sorted(folder.glob("*.png"))]
    assert all(picture.std() > 10 for picture in found)
    return found


def test_rules_side_by_side(run_tool, model, tmp_path, capsys):
    models = [*model("AdaAnchor"), *model("HeatmapAnchor"), *model("RegressionAnchor")]
    options = ["--limit", "5", "--rows", "3", "--output-dir", tmp_path / "out"]
    assert run_tool("visualize_anchors.py", *models, *options) == 0
    assert "5 of at most 5 keypoints: 3 visible, 2 hidden" in capsys.readouterr().out
    tall, short = pictures(tmp_path / "out")
    assert tall.shape[0] > short.shape[0] and tall.shape[1] == short.shape[1]


def test_chosen_keypoints_of_cut_off_people(run_tool, model, tmp_path, capsys):
    options = ["--keypoints", "left_ankle", "nose", "--states", "outside", "--cut", "0.5"]
    options += ["--limit", "2", "--maps", "--output-dir", tmp_path / "out"]
    assert run_tool("visualize_anchors.py", *model("AdaAnchor"), *options) == 0
    assert "2 outside" in capsys.readouterr().out
    assert len(pictures(tmp_path / "out")) == 1


def test_covered_faces(run_tool, model, tmp_path, capsys):
    overrides = {"DATASETS__TEST": ("wflw_test",), "MODEL__KEYPOINT_HEAD__NUM_KEYPOINTS": 98}
    models = [*model("AdaAnchor", **overrides), *model("HeatmapAnchor", **overrides)]
    options = ["--cover", "0.4", "--limit", "2", "--output-dir", tmp_path / "out"]
    assert run_tool("visualize_anchors.py", *models, *options) == 0
    assert "1 visible, 1 hidden" in capsys.readouterr().out


def test_people_of_whole_images_beside_crops(run_tool, model, tmp_path):
    small = {"INPUT__MIN_SIZE_TEST": 64, "MODEL__KEYPOINT_HEAD__GAMMA": 0.001}
    models = [*model("AdaAnchor", bottom_up_config, **small)]
    models += [*model("AdaAnchor", center_config, **small), *model("HeatmapAnchor")]
    options = ["--titles", "grouped", "centres", "crops", "--limit", "2"]
    assert (
        run_tool("visualize_anchors.py", *models, *options, "--output-dir", tmp_path / "out") == 0
    )
    assert len(pictures(tmp_path / "out")) == 1


def test_a_person_asked_for(run_tool, model, tmp_path, capsys):
    run_tool("visualize_anchors.py", *model("AdaAnchor"), "--annotation-ids", "1")
    error = capsys.readouterr().err
    assert "Annotation 1 is no labelled person of the data set." in error


def test_mistakes_get_one_sentence(run_tool, model, tmp_path, capsys):
    ada = model("AdaAnchor")
    whole = model("AdaAnchor", center_config)
    for arguments, sentence in (
        ([*ada, "--keypoints", "foot"], "Keypoint foot is unknown; known are nose,"),
        ([*ada, "--limit", "0"], "--limit: must be a whole number of at least 1, not 0"),
        ([*ada, "--rows", "0"], "--rows: must be a whole number of at least 1, not 0"),
        ([*ada, "--states", "outside", "--keypoints", "nose"], "leave no keypoint of the data set"),
        ([*ada, "--cover", "2"], "The fraction to hide is 2, but must be from 0 to 0.95."),
        ([*whole, "--cut", "0.5"], "--cover and --cut need a model of person crops"),
    ):
        arguments = ["--output-dir", tmp_path / "out", *arguments]
        assert run_tool("visualize_anchors.py", *arguments) == 2
        error = capsys.readouterr().err.strip().splitlines()[-1]
        assert "error: " in error and sentence in error
    assert not (tmp_path / "out").exists()
