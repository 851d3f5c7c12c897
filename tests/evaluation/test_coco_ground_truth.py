import json

import pytest

from adaanchor_d2.errors import InputError
from adaanchor_d2.evaluation.coco_ground_truth import load_coco_ground_truth

from .cases import write_small_set


@pytest.fixture
def json_file(tmp_path):
    return write_small_set(tmp_path / "gt.json")


def assert_sentence(json_file, pattern):
    with pytest.raises(InputError, match=pattern) as caught:
        load_coco_ground_truth(str(json_file), num_keypoints=17)
    assert "gt.json" in str(caught.value) and "\n" not in str(caught.value)


def rewrite(json_file, change):
    content = json.loads(json_file.read_text())
    change(content)
    json_file.write_text(json.dumps(content))


def test_a_good_file_is_returned_as_it_is(json_file):
    content = load_coco_ground_truth(str(json_file), num_keypoints=17)
    assert content == json.loads(json_file.read_text())


def test_missing_truncated_and_foreign_files(json_file):
    text = json_file.read_text()
    json_file.write_text(text[: len(text) // 2])
    assert_sentence(json_file, "not valid JSON")
    json_file.write_text(json.dumps([1, 2]))
    assert_sentence(json_file, "no COCO annotation file")
    json_file.write_text(json.dumps({"images": []}))
    assert_sentence(json_file, "images, annotations, categories")
    json_file.unlink()
    assert_sentence(json_file, "does not exist")


def test_annotation_id_0(json_file):
    rewrite(json_file, lambda content: content["annotations"][2].update(id=0))
    assert_sentence(json_file, "id 0, but ids must start at 1")


@pytest.mark.parametrize("field", ["area", "num_keypoints", "keypoints", "bbox"])
def test_missing_field(json_file, field):
    rewrite(json_file, lambda content: content["annotations"][3].pop(field))
    assert_sentence(json_file, f"Annotation 4 .* no field '{field}'")


def test_keypoint_list_of_another_length(json_file):
    rewrite(json_file, lambda content: content["annotations"][1]["keypoints"].pop())
    assert_sentence(json_file, "Annotation 2 .* 50 keypoint numbers.* need 51")


def test_no_person_category(json_file):
    rewrite(json_file, lambda content: content.update(categories=[{"id": 3, "name": "car"}]))
    assert_sentence(json_file, "no category with id 1")
