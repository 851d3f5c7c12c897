import json

import pytest

from adaanchor_d2.data.datasets.detections import load_person_detections
from adaanchor_d2.errors import InputError

ENTRY = {"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5}


@pytest.fixture
def write(tmp_path):
    def write_file(content) -> str:
        path = tmp_path / "boxes.json"
        path.write_text(json.dumps(content))
        return str(path)

    return write_file


def test_boxes_by_image(write):
    entries = [
        ENTRY,
        ENTRY | {"image_id": 2},
        ENTRY | {"score": 0.2},
        ENTRY | {"category_id": 3, "bbox": None},
    ]
    boxes = load_person_detections(write(entries), [1, 2, 3])
    assert {key: [box["score"] for box in value] for key, value in boxes.items()} == {
        1: [0.5, 0.2],
        2: [0.5],
    }
    assert list(load_person_detections(write(entries), [1, 2], min_score=0.3)[1]) == [ENTRY]


def test_unknown_images_are_named(write):
    entries = [ENTRY | {"image_id": 100 + i} for i in (0, 0, 1, 2, 3, 4, 5, 6)]
    with pytest.raises(InputError, match="does not have: 100, 101, 102, 103, 104 and 2 more"):
        load_person_detections(write(entries), [1])


@pytest.mark.parametrize(
    "content, sentence",
    [
        ({"annotations": []}, "is not a list of"),
        ([ENTRY, 3], "entry 1 has no 'image_id'"),
        ([{k: v for k, v in ENTRY.items() if k != "score"}], "entry 0 has no 'score'"),
        ([ENTRY | {"score": None}], "entry 0 has score None"),
        ([ENTRY | {"score": float("nan")}], "entry 0 has score nan"),
        ([ENTRY | {"bbox": [1, 2, 3]}], r"entry 0 has bbox \[1, 2, 3\]"),
        ([ENTRY | {"bbox": [1, 2, 0, 3]}], r"entry 0 has bbox \[1, 2, 0, 3\]"),
        ([ENTRY | {"bbox": [1, 2, float("inf"), 3]}], "entry 0 has bbox"),
        ([ENTRY | {"bbox": [1, "2", 3, 3]}], "entry 0 has bbox"),
    ],
)
def test_bad_files(write, content, sentence):
    with pytest.raises(InputError, match=sentence):
        load_person_detections(write(content), [1])


def test_missing_file():
    with pytest.raises(InputError, match=r"Detection file none\.json cannot be read"):
        load_person_detections("none.json", [1])
