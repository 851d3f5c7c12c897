import json

import numpy as np
import pytest

from adaanchor_d2.demo.boxes import BoxFile
from adaanchor_d2.demo.images import Frame
from adaanchor_d2.errors import InputError

IMAGE = np.zeros((4, 4, 3), np.uint8)


def read(folder, content, **options) -> BoxFile:
    (folder / "boxes.json").write_text(json.dumps(content))
    return BoxFile(str(folder / "boxes.json"), **options)


def test_boxes_by_name_or_id(tmp_path):
    boxes = read(tmp_path, {"a.jpg": [[1, 2, 3, 4], [5, 6, 7, 8, 0.5]], "7": [], "b/c.jpg": []})
    found, scores = boxes(Frame("x/a.jpg", 3, IMAGE))
    assert found.tolist() == [[1, 2, 3, 4], [5, 6, 7, 8]] and scores.tolist() == [1, 0.5]
    for frame in (Frame("other.jpg", 7, IMAGE), Frame("b/c.jpg", 8, IMAGE)):
        found, scores = boxes(frame)
        assert found.shape == (0, 4) and scores.shape == (0,)
    assert boxes.what_is_missing() == []


def test_detections_in_coco_form(tmp_path):
    detection = {"image_id": 7, "category_id": 1, "bbox": [1, 2, 10, 20], "score": 0.5}
    other = {**detection, "category_id": 3}
    boxes = read(tmp_path, [detection, other])
    found, scores = boxes(Frame("a.jpg", 7, IMAGE))
    assert found.tolist() == [[1, 2, 11, 22]] and scores.tolist() == [0.5]


def test_what_is_left_out_is_counted(tmp_path):
    boxes = read(tmp_path, {"a.jpg": [[1, 2, 3, 4, 0.1], [1, 2, 3, 4, 0.9]]}, min_score=0.3)
    assert boxes(Frame("a.jpg", 0, IMAGE))[1].tolist() == [0.9]
    assert len(boxes(Frame("b.jpg", 1, IMAGE))[0]) == 0
    missing, below = boxes.what_is_missing()
    assert missing.endswith("does not name, and nobody in them: 1.")
    assert below == "Boxes left out, with a score below 0.3: 1."


def test_a_file_of_other_images(tmp_path):
    boxes = read(tmp_path, {"a.jpg": []})
    boxes.require_any(["b.jpg", "a.jpg"], [0, 1])
    with pytest.raises(InputError, match="names none of the images"):
        boxes.require_any(["b.jpg"], [0])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (3, "neither an object of boxes by image nor a list"),
        ({"a.jpg": 3}, "'a.jpg' has no list of boxes"),
        ({"a.jpg": [[1, 2, 3, 4], [1, 2, 3]]}, "box 1 of 'a.jpg'"),
        ({"a.jpg": [[1, 2, 0, 4]]}, "box 0 of 'a.jpg'"),
        ({"a.jpg": [[1, 2, "3", 4]]}, "box 0 of 'a.jpg'"),
        ([{"image_id": 1}], "entry 0 has no 'category_id'"),
        ([{"image_id": 1, "category_id": 1, "bbox": [1, 2], "score": 1}], "entry 0 has bbox"),
    ],
)
def test_mistakes_are_named(tmp_path, content, sentence):
    with pytest.raises(InputError, match=sentence):
        read(tmp_path, content)
