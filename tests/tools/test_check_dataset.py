import json


def test_the_real_sample_is_fine(run_tool, shared_data, monkeypatch, capsys):
    monkeypatch.setenv("DETECTRON2_DATASETS", str(shared_data))
    assert run_tool("check_dataset.py", "coco_keypoints_val") == 0
    output = capsys.readouterr().out
    assert "labelled people: 46" in output and "problems: 0" in output


def test_problems_are_printed_and_set_the_status(run_tool, tmp_path, capsys):
    annotations = tmp_path / "people.json"
    image = {"id": 1, "file_name": "none.jpg", "width": 5, "height": 5}
    annotations.write_text(json.dumps({"images": [image], "annotations": [], "categories": []}))
    status = run_tool("check_dataset.py", "--json", annotations, "--images", tmp_path)
    output = capsys.readouterr().out
    assert status == 1
    assert "none.jpg cannot be read" in output and "no people with a labelled keypoint" in output


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
