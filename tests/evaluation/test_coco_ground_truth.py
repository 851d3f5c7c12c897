import copy
import json

import numpy as np
import pytest

from adaanchor_d2.data.datasets.coco import load_coco_keypoints
from adaanchor_d2.errors import InputError
from adaanchor_d2.evaluation.coco_ground_truth import load_coco_ground_truth

from .cases import ground_truth_pairs, make_evaluator, make_skeleton, process, write_small_set


@pytest.fixture
def json_file(tmp_path):
    return write_small_set(tmp_path / "gt.json")


def load(json_file):
    return load_coco_ground_truth([str(json_file)], make_skeleton())


def rewrite(json_file, change):
    content = json.loads(json_file.read_text())
    change(content)
    json_file.write_text(json.dumps(content))


def test_a_good_file_is_returned_as_it_is(json_file):
    assert load(json_file) == json.loads(json_file.read_text())


def test_what_the_reader_refuses_is_refused_in_its_words(json_file):
    rewrite(json_file, lambda content: content["annotations"][1]["keypoints"].pop())
    with pytest.raises(InputError) as of_reader:
        load_coco_keypoints(str(json_file), str(json_file.parent), make_skeleton())
    with pytest.raises(InputError, match="annotation 2 has 50 numbers") as of_evaluator:
        load(json_file)
    assert str(of_evaluator.value) == str(of_reader.value)
    json_file.write_text(json_file.read_text()[:100])
    with pytest.raises(InputError, match="gt.json is not whole JSON"):
        load(json_file)


def drop_optional_fields(content):
    del content["categories"]
    for annotation in content["annotations"]:
        del annotation["area"], annotation["num_keypoints"]


def test_absent_fields_are_those_of_the_reader(json_file):
    whole = json.loads(json_file.read_text())
    rewrite(json_file, drop_optional_fields)
    text = json_file.read_text()
    people = {person["id"]: person for person in load(json_file)["annotations"]}
    records = load_coco_keypoints(str(json_file), str(json_file.parent), make_skeleton())
    for person in (person for record in records for person in record["annotations"]):
        assert people[person["id"]]["area"] == person["area"]
        assert people[person["id"]]["num_keypoints"] == person["num_keypoints"]
    for annotation in whole["annotations"]:
        person = people[annotation["id"]]
        assert person["num_keypoints"] == annotation["num_keypoints"]
        assert person["area"] == pytest.approx(0.53 * np.prod(annotation["bbox"][2:]))
    assert json_file.read_text() == text


def test_a_file_without_optional_fields_evaluates(json_file, tmp_path):
    """The same numbers as from a file that states what the reader fills in."""
    stated = write_small_set(tmp_path / "stated.json")

    def state(content):
        for annotation in content["annotations"]:
            annotation["area"] = 0.53 * annotation["bbox"][2] * annotation["bbox"][3]

    rewrite(stated, state)
    pairs = ground_truth_pairs(stated, np.random.default_rng(0))
    rewrite(json_file, drop_optional_fields)
    results = []
    for path in (stated, json_file):
        evaluator = make_evaluator(path)
        process(evaluator, copy.deepcopy(pairs))
        results.append(evaluator.evaluate())
    assert results[0]["keypoints"]["AP"] > 5
    assert results[1] == results[0]


def test_other_categories_are_left_out(json_file):
    """Ids and areas of things that are no people must not stand for people's."""
    people = json.loads(json_file.read_text())["annotations"]
    car = {"id": people[0]["id"], "category_id": 3, "area": 1.0}
    rewrite(json_file, lambda content: content["annotations"].append(car))
    assert load(json_file)["annotations"] == people
    people_only = write_small_set(json_file.parent / "people.json")
    results = []
    for path in (people_only, json_file):
        evaluator = make_evaluator(path)
        process(evaluator, ground_truth_pairs(people_only, np.random.default_rng(0)))
        results.append(evaluator.evaluate())
    assert results[0] == results[1]
