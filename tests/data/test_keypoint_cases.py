import numpy as np
import pytest
import torch

from adaanchor_d2.data.keypoint_cases import (
    KeypointCase,
    PeopleSamples,
    cases_of,
    choose_cases,
    keypoint_kinds,
)
from adaanchor_d2.errors import InputError

NAMES = ("nose", "left_hand", "right_hand")
# x, y, v of three keypoints of each person, in a 10x10 input.
PEOPLE = {
    1: [(5, 5, 2), (2, 2, 0), (12, 5, 2)],
    2: [(5, 5, 1), (2, 2, 2), (3, 3, 2)],
    3: [(5, 5, 2), (2, 2, 2), (3, 3, 1)],
    4: [(-1, 5, 2), (11, 2, 2), (0, 0, 0)],  # shows nothing
}


class CropMapper:
    """Maps a record to itself with an image; counts what it maps."""

    def __init__(self, **stress):
        self.calls = 0
        self.stress = stress

    def __call__(self, record: dict) -> dict:
        self.calls += 1
        sample = {"image": torch.zeros(3, 10, 10, dtype=torch.uint8), **self.stress}
        key = "keypoints" if "keypoints" in record else "people_keypoints"
        return {**sample, **record, key: torch.from_numpy(record[key])}


def crops(**stress) -> PeopleSamples:
    records = [
        {"annotation_id": number, "keypoints": np.array(keypoints, np.float32)}
        for number, keypoints in PEOPLE.items()
    ]
    return PeopleSamples(records, CropMapper(**stress))


def whole_image() -> PeopleSamples:
    record = {
        "annotation_ids": list(PEOPLE),
        "people_keypoints": np.array(list(PEOPLE.values()), np.float32),
    }
    return PeopleSamples([record], CropMapper())


@pytest.mark.parametrize("people", [crops(), whole_image()], ids=["crops", "whole image"])
def test_states_of_keypoints(people):
    assert people.annotation_ids == [1, 2, 3, 4]
    assert people.states(1) == ["visible", None, "outside"]
    assert people.states(2) == ["hidden", "visible", "visible"]
    assert people.states(4) == [None, None, None], "a person that shows nothing is no case"
    np.testing.assert_array_equal(people.keypoints(3), PEOPLE[3])


def test_people_of_one_image_are_mapped_once():
    people = whole_image()
    for number in people.annotation_ids:
        people.states(number)
    assert people._mapper.calls == 1


def test_what_is_hidden_on_purpose_is_hidden():
    people = crops(hidden=np.array([True, True, False]))
    assert people.states(1) == ["hidden", None, "outside"]
    assert people.states(3) == ["hidden", "hidden", "hidden"]


def test_states_that_are_told():
    assert crops().states_told == ["visible", "hidden"]
    seen = {"annotation_id": 1, "keypoints": np.array([(5, 5, 2)], np.float32)}
    people = PeopleSamples([seen], CropMapper())
    assert people.states_told == ["visible"]
    case = choose_cases(people, [0], ["visible"], 1)[0]
    assert people.describe(case, NAMES) == "nose\nannotation 1", "nobody says that it is visible"
    people._mapper.kind = "truncation"
    assert PeopleSamples([seen], people._mapper).states_told == ["visible", "hidden", "outside"]


def test_each_state_gets_its_share_and_types_vary():
    cases = choose_cases(crops(), [0, 1, 2], ["hidden", "visible"], 3)
    assert cases == [
        KeypointCase(2, 0, "hidden"),
        KeypointCase(3, 2, "hidden"),
        KeypointCase(1, 0, "visible"),
    ]
    cases = choose_cases(crops(), [0, 1, 2], ["visible"], 3)
    assert [case.kind for case in cases] == [0, 1, 0], "the third person's other hand is hidden"
    assert {case.annotation_id for case in cases} == {1, 2, 3}
    assert choose_cases(crops(), [1], ["hidden"], 3) == []
    assert choose_cases(crops(), [2], ["outside"], 3) == [KeypointCase(1, 2, "outside")]


def test_cases_of_people_asked_for():
    assert cases_of(crops(), [3, 1], [1, 2]) == [
        KeypointCase(3, 1, "visible"),
        KeypointCase(3, 2, "hidden"),
        KeypointCase(1, 2, "outside"),
    ]
    with pytest.raises(InputError, match="Annotation 9 is no labelled person of the data set"):
        cases_of(crops(), [9], [0])


def test_types_by_name():
    assert keypoint_kinds(NAMES, None) == [0, 1, 2]
    assert keypoint_kinds(NAMES, ["right_hand", "nose"]) == [2, 0]
    with pytest.raises(InputError, match="Keypoint foot is unknown; known are nose, left_hand"):
        keypoint_kinds(NAMES, ["foot"])
