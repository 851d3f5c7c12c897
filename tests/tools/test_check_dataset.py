import json

import pytest
from helpers.crowd_sets import crowd_person, write_crowdpose
from helpers.entry_sets import WFLW_LIST, write_wflw

from adaanchor_d2.data.synthetic import write_synthetic_people


def test_the_real_sample_is_fine(run_tool, shared_data, monkeypatch, capsys):
    monkeypatch.setenv("DETECTRON2_DATASETS", str(shared_data))
    assert run_tool("check_dataset.py", "coco_keypoints_val") == 0
    output = capsys.readouterr().out
    assert "labelled people: 46" in output and "problems: 0" in output
    assert "detector boxes: " in output


def test_the_detector_file_of_a_data_set_is_checked(run_tool, tmp_path, monkeypatch, capsys):
    base = tmp_path / "coco"
    (base / "annotations").mkdir(parents=True)
    (base / "val2017").mkdir()
    (base / "annotations/person_keypoints_val2017.json").write_text(
        json.dumps({"images": [], "annotations": [], "categories": []})
    )
    monkeypatch.setenv("DETECTRON2_DATASETS", str(tmp_path))
    name = "COCO_val2017_detections_AP_H_56_person.json"
    assert run_tool("check_dataset.py", "coco_keypoints_val") == 1
    output = capsys.readouterr().out
    assert "no detector boxes at" in output and name in output and "problems: 2" in output

    (base / "person_detection_results").mkdir()
    box = {"image_id": 5, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5}
    (base / "person_detection_results" / name).write_text(json.dumps([box]))
    assert run_tool("check_dataset.py", "coco_keypoints_val") == 1
    output = capsys.readouterr().out
    assert f"{name} names images that the data set does not have: 5" in output
    assert "problems: 3" in output


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("mpii_keypoints_val", ["labelled people: 3", "keypoints with v = 0: 2"]),
        ("mpii_keypoints_trainval", ["labelled people: 6"]),
        ("wflw_test", ["people: 4", "keypoints with v = 2: 392", "attribute illumination: 1"]),
    ],
)
def test_the_real_samples_of_other_formats_are_fine(
    run_tool, shared_data, monkeypatch, capsys, name, counts
):
    monkeypatch.setenv("DETECTRON2_DATASETS", str(shared_data))
    assert run_tool("check_dataset.py", name) == 0
    output = capsys.readouterr().out
    assert all(count in output for count in [*counts, "problems: 0"])
    assert run_tool("check_dataset.py", name, "--detections", "boxes.json") == 2
    assert "in COCO's format" in capsys.readouterr().err


def test_what_the_evaluation_needs_is_checked(run_tool, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("DETECTRON2_DATASETS", str(tmp_path))
    write_synthetic_people(tmp_path / "synthetic_people_mpii", 2, 4, layout="mpii")
    assert run_tool("check_dataset.py", "synthetic_people_mpii_val") == 0
    assert run_tool("check_dataset.py", "synthetic_people_mpii_train") == 0
    assert "synthetic_people_mpii_train cannot be evaluated" in capsys.readouterr().out
    (tmp_path / "synthetic_people_mpii/annot/gt_valid.mat").write_text("no mat file")
    assert run_tool("check_dataset.py", "synthetic_people_mpii_val") == 1
    assert "gt_valid.mat" in capsys.readouterr().out
    (tmp_path / "synthetic_people_mpii/annot/gt_valid.mat").unlink()
    assert run_tool("check_dataset.py", "synthetic_people_mpii_val") == 1
    assert "gt_valid.mat" in capsys.readouterr().out


def test_bad_lines_are_printed(run_tool, tmp_path, monkeypatch, capsys):
    list_file = write_wflw(tmp_path / "wflw") / WFLW_LIST.format(split="train")
    list_file.write_text("1 2 3\n" + list_file.read_text())
    monkeypatch.setenv("DETECTRON2_DATASETS", str(tmp_path))
    assert run_tool("check_dataset.py", "wflw_train") == 1
    output = capsys.readouterr().out
    assert f"{list_file}, line 1 has 3 fields" in output and "people: 5" in output


def test_problems_are_printed_and_set_the_status(run_tool, tmp_path, capsys):
    annotations = tmp_path / "people.json"
    image = {"id": 1, "file_name": "none.jpg", "width": 5, "height": 5}
    annotations.write_text(json.dumps({"images": [image], "annotations": [], "categories": []}))
    status = run_tool("check_dataset.py", "--json", annotations, "--images", tmp_path)
    output = capsys.readouterr().out
    assert status == 1
    assert "none.jpg cannot be read" in output and "no people with a labelled keypoint" in output


def test_a_file_of_crowds_is_checked_by_crowdposes_rules(run_tool, tmp_path, capsys):
    person = crowd_person(1, 5, [2, 3, 40, 50])  # 14 keypoints labelled, 12 counted
    folder = write_crowdpose(tmp_path / "crowdpose", {"train": [person]})
    json_file = folder / "annotations" / "crowdpose_train.json"
    files = ["--json", json_file, "--images", folder / "images", "--skeleton", "crowdpose"]
    assert run_tool("check_dataset.py", *files) == 0
    document = json.loads(json_file.read_text())
    del document["images"][0]["crowdIndex"]
    json_file.write_text(json.dumps(document))
    assert run_tool("check_dataset.py", *files) == 1
    assert "image 5 has no 'crowdIndex'" in capsys.readouterr().out


def test_bad_commands(run_tool, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("DETECTRON2_DATASETS", str(tmp_path))
    for args, sentence in (
        (["nothing"], "Keypoint data set 'nothing' is unknown"),
        (["coco_keypoints_train"], "expected coco/annotations/person_keypoints_train2017.json"),
        ([], "Give either the name of a data set or both --json and --images"),
        (["--json", "a", "--images", "b", "--skeleton", "c"], "Skeleton 'c' is unknown"),
    ):
        assert run_tool("check_dataset.py", *args) == 2
        error = capsys.readouterr().err.strip()
        assert sentence in error and "\n" not in error


@pytest.mark.parametrize(
    ("name", "people"), [("crowdpose_trainval", "people: 13"), ("crowdpose_test", "people: 2")]
)
def test_the_real_sample_of_crowdpose_is_fine(
    run_tool, shared_data, monkeypatch, capsys, name, people
):
    """Without area, and with a num_keypoints that leaves head and neck out."""
    monkeypatch.setenv("DETECTRON2_DATASETS", str(shared_data))
    assert run_tool("check_dataset.py", name) == 0
    output = capsys.readouterr().out
    assert people in output and "problems: 0" in output


def test_crowdpose_in_parts(run_tool, tmp_path, monkeypatch, capsys):
    people = [crowd_person(1, 5, [2, 3, 40, 50]), crowd_person(2, 6, [2, 3, 40, 50])]
    write_crowdpose(tmp_path / "crowdpose", {"train": people[:1], "val": people[1:]})
    monkeypatch.setenv("DETECTRON2_DATASETS", str(tmp_path))
    assert run_tool("check_dataset.py", "crowdpose_trainval") == 0
    assert "labelled people: 2" in capsys.readouterr().out

    boxes = tmp_path / "boxes.json"
    box = {"category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5}
    boxes.write_text(json.dumps([box | {"image_id": number} for number in (5, 6)]))
    assert run_tool("check_dataset.py", "crowdpose_trainval", "--detections", boxes) == 0
    assert "detector boxes: 2" in capsys.readouterr().out

    json_file = tmp_path / "crowdpose" / "annotations" / "crowdpose_val.json"
    document = json.loads(json_file.read_text())
    document["annotations"][0]["id"] = 1
    json_file.write_text(json.dumps(document))
    assert run_tool("check_dataset.py", "crowdpose_trainval") == 1
    assert "both have annotation 1; ids must differ" in capsys.readouterr().out

    document["annotations"][0]["num_keypoints"] = 14
    document["annotations"][0]["segmentation"] = [[1, 2]]
    del document["images"][0]["crowdIndex"]
    json_file.write_text(json.dumps(document))
    assert run_tool("check_dataset.py", "crowdpose_val") == 1
    output = capsys.readouterr().out
    assert "annotation 1 has num_keypoints 14, but 12 of the first 12 are labelled" in output
    assert "annotation 1 has a segmentation that has polygons" in output
    assert "image 6 has no 'crowdIndex'" in output and "problems: 3" in output
