import json

import cv2
import numpy as np
import pytest
from helpers.entry_sets import write_wflw

from adaanchor_d2.data.datasets.coco import load_coco_keypoints
from adaanchor_d2.data.datasets.wflw import WFLW_LIST_FORMAT
from adaanchor_d2.data.skeletons import get_skeleton
from adaanchor_d2.data.synthetic import write_synthetic_people

TOOL = "visualize_json_results.py"


@pytest.fixture
def people(tmp_path, monkeypatch):
    """Records of a synthetic data set in COCO's layout."""
    write_synthetic_people(tmp_path / "synthetic_people", num_train=1, num_val=3)
    monkeypatch.setenv("DETECTRON2_DATASETS", str(tmp_path))
    folder = tmp_path / "synthetic_people"
    json_file = folder / "annotations/person_keypoints_val2017.json"
    return load_coco_keypoints(str(json_file), str(folder / "val2017"), get_skeleton("coco"))


def result(image_id: int, keypoints, score: float = 0.9, **more) -> dict:
    """An entry of a result file with keypoints (17, 3) in continuous pixels."""
    in_file = np.array(keypoints, float) - [0.5, 0.5, 0]
    return {"image_id": image_id, "keypoints": in_file.ravel().tolist(), "score": score, **more}


def perfect_results(records) -> list[dict]:
    """The annotations as results; visible keypoints have score 0.8, hidden ones 0.4."""
    return [
        result(record["image_id"], np.reshape(person["keypoints"], (-1, 3)) * [1, 1, 0.4])
        for record in records
        for person in record["annotations"]
    ]


def draw(run_tool, folder, results, *args, dataset="synthetic_people_val") -> int:
    (folder / "r.json").write_text(json.dumps(results))
    where = ["--input", folder / "r.json", "--output", folder / "out", "--dataset", dataset]
    return run_tool(TOOL, *where, *args)


def test_predictions_are_left_and_the_truth_is_right(run_tool, tmp_path, people, capsys):
    shown = perfect_results(people)
    assert draw(run_tool, tmp_path, shown, "--limit", "2") == 0
    assert "3 of 3 images have" in capsys.readouterr().out
    paths = sorted((tmp_path / "out").iterdir())
    assert len(paths) == 2 and paths[0].name.startswith(f"{people[0]['image_id']}_")
    image = cv2.imread(people[0]["file_name"])
    picture = cv2.imread(str(paths[0]))
    left, right = picture[:, : picture.shape[1] // 2], picture[:, -(picture.shape[1] // 2) :]
    assert left.shape[0] > image.shape[0] and (left != right).any()
    assert draw(run_tool, tmp_path, shown, "--limit", "1", "--conf-threshold", "1") == 0
    without = cv2.imread(str(paths[0]))
    assert np.abs(without.astype(int) - picture).mean(axis=(0, 2))[: left.shape[1]].sum() > 0
    inside = left.shape[1] - 16  # JPEG blocks at the seam aside
    np.testing.assert_array_equal(without[:, -inside:], picture[:, -inside:])


def test_arrows_and_people_with_low_scores(run_tool, tmp_path, people):
    shown = perfect_results(people)
    pictures = {}
    with_anchors = [{**entry, "keypoint_anchors": [5.0] * 34} for entry in shown]
    for name, results, args in (
        ("plain", shown, []),
        ("arrows", with_anchors, ["--show-anchors"]),
        ("nobody", shown, ["--person-threshold", "0.95"]),
    ):
        assert draw(run_tool, tmp_path, results, "--limit", "1", *args) == 0
        (path,) = (tmp_path / "out").iterdir()
        pictures[name] = cv2.imread(str(path)).astype(int)
    assert (pictures["arrows"] != pictures["plain"]).any()
    assert (pictures["nobody"] != pictures["plain"]).any()


def test_faces(run_tool, tmp_path, monkeypatch):
    write_wflw(tmp_path / "wflw")
    monkeypatch.setenv("DETECTRON2_DATASETS", str(tmp_path))
    lists = tmp_path / "wflw/WFLW_annotations/list_98pt_rect_attr_train_test"
    records = WFLW_LIST_FORMAT.load(
        str(lists / "list_98pt_rect_attr_test.txt"),
        str(tmp_path / "wflw/WFLW_images"),
        get_skeleton("wflw"),
    )
    results = [
        {
            "annotation_id": face["id"],
            "keypoints": (np.reshape(face["keypoints"], (98, 3)) - [0.5, 0.5, 1.5]).tolist(),
        }
        for record in records
        for face in record["annotations"]
    ]
    assert draw(run_tool, tmp_path, results, dataset="wflw_test") == 0
    assert len(list((tmp_path / "out").iterdir())) == len(records)
    assert draw(run_tool, tmp_path, [{**results[0], "annotation_id": 99}], dataset="wflw_test") == 2


def test_mistakes_get_one_sentence(run_tool, tmp_path, people, capsys):
    shown = perfect_results(people)
    for results, args, sentence in (
        ([{**shown[0], "image_id": 99}], [], "does not have: 99"),
        ([], [], "holds nobody: its list is empty"),
        ([{**shown[0], "keypoints": [1.0] * 48}], [], "entry 0"),
        (shown, ["--show-anchors"], "people without keypoint_anchors"),
    ):
        assert draw(run_tool, tmp_path, results, *args) == 2
        error = capsys.readouterr().err.strip().splitlines()[-1]
        assert error.startswith("error: ") and sentence in error
    assert draw(run_tool, tmp_path, shown, dataset="none") == 2


def test_real_samples(run_tool, tmp_path, shared_data, monkeypatch):
    monkeypatch.setenv("DETECTRON2_DATASETS", str(shared_data))
    folder = shared_data / "coco"
    records = load_coco_keypoints(
        str(folder / "annotations/person_keypoints_val2017.json"),
        str(folder / "val2017"),
        get_skeleton("coco"),
    )
    results = perfect_results(records)
    assert draw(run_tool, tmp_path, results, "--limit", "4", dataset="coco_keypoints_val") == 0
    assert len(list((tmp_path / "out").iterdir())) == 4
