import json

import cv2
import pytest

from adaanchor_d2.data.check import check_keypoint_dataset
from adaanchor_d2.data.image_reader import read_image
from adaanchor_d2.data.skeletons import get_skeleton

COCO = get_skeleton("coco")


def check(dataset, detections=""):
    return check_keypoint_dataset(
        str(dataset.json_file), str(dataset.image_root), COCO, str(detections)
    )


def test_a_good_data_set(tiny_dataset):
    report = check(tiny_dataset)
    assert report.problems == []
    assert report.summary == {
        "images": 2,
        "images with labelled people": 1,
        "people": 3,
        "crowds": 0,
        "labelled people": 2,
        "keypoints with v = 0": 18,
        "keypoints with v = 1": 1,
        "keypoints with v = 2": 32,
    }


@pytest.mark.parametrize("split, people, images", [("train", 95, 36), ("val", 46, 18)])
def test_the_real_sample(shared_data, split, people, images):
    root = shared_data / "coco"
    report = check_keypoint_dataset(
        str(root / f"annotations/person_keypoints_{split}2017.json"),
        str(root / f"{split}2017"),
        COCO,
    )
    assert report.problems == []
    assert report.summary["labelled people"] == people
    assert report.summary["images with labelled people"] == images


def test_everything_wrong_is_reported_at_once(tiny_dataset):
    images, people = tiny_dataset.document["images"], tiny_dataset.document["annotations"]
    images[0]["width"] = 65
    images.append({"id": 11, "file_name": "none.png", "width": 64, "height": 48})
    people[0]["keypoints"].pop()
    people[1]["num_keypoints"] = 3
    people[2]["bbox"] = [50, 5, 20, 30]
    people.append(dict(people[1], id=2))
    tiny_dataset.write()
    problems = check(tiny_dataset).problems
    for sentence in (
        "annotation 1 has 50 numbers in 'keypoints'",
        "annotation 2 has num_keypoints 3, but 16 are labelled",
        "annotation 3 has bbox [50, 5, 20, 30], which leaves its image of 64 x 48",
        "annotation 2 occurs more than once",
        "a.png is 64 x 48 pixels, but its annotation says 65 x 48 (image 7)",
        "none.png cannot be read: No such file or directory (image 11)",
    ):
        assert any(sentence in problem for problem in problems), sentence
    assert len(problems) == 7  # num_keypoints of the copy, too
    assert all("\n" not in problem for problem in problems)


def test_no_people(tiny_dataset):
    tiny_dataset.document["annotations"] = []
    assert check(tiny_dataset.write()).problems == [
        f"{tiny_dataset.json_file} has no people with a labelled keypoint."
    ]


@pytest.mark.parametrize("content", ["", '{"images": [', "[1, 2]", '{"images": 3}', "\x00\xff"])
def test_foreign_or_truncated_json(tiny_dataset, content):
    tiny_dataset.json_file.write_text(content, encoding="latin-1")
    problems = check(tiny_dataset).problems
    assert str(tiny_dataset.json_file) in problems[0]


def test_cut_jpeg(tiny_dataset):
    """Cut after its header, where a decoder may fill the rest with grey."""
    image = read_image(str(tiny_dataset.image_root / "a.png"))
    content = cv2.imencode(".jpg", image)[1].tobytes()
    tiny_dataset.document["images"][0]["file_name"] = "a.jpg"
    tiny_dataset.write()
    (tiny_dataset.image_root / "a.jpg").write_bytes(content)
    assert check(tiny_dataset).problems == []
    (tiny_dataset.image_root / "a.jpg").write_bytes(content[: len(content) * 3 // 4])
    (problem,) = check(tiny_dataset).problems
    assert "a.jpg" in problem and "image 7" in problem


def test_detections_are_checked_too(tiny_dataset, tmp_path):
    boxes = tmp_path / "boxes.json"
    entry = {"image_id": 7, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5}
    boxes.write_text(json.dumps([entry]))
    assert check(tiny_dataset, boxes).problems == []
    boxes.write_text(json.dumps([entry, entry | {"image_id": 8}]))
    (problem,) = check(tiny_dataset, boxes).problems
    assert "boxes.json names images that the data set does not have: 8" in problem
