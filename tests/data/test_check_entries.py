import json

import pytest
from helpers.entry_sets import WFLW_LIST, write_mpii, write_wflw

from adaanchor_d2.data.check_entries import check_entries
from adaanchor_d2.data.datasets.mpii import MPII_FORMAT
from adaanchor_d2.data.datasets.wflw import WFLW_LIST_FORMAT
from adaanchor_d2.data.skeletons import get_skeleton


def check_mpii(folder, name="valid"):
    return check_entries(
        MPII_FORMAT,
        str(folder / f"annot/{name}.json"),
        str(folder / "images"),
        get_skeleton("mpii"),
    )


def check_wflw(folder):
    return check_entries(
        WFLW_LIST_FORMAT,
        str(folder / WFLW_LIST.format(split="test")),
        str(folder / "WFLW_images"),
        get_skeleton("wflw"),
    )


def test_good_data_sets(tmp_path):
    report = check_mpii(write_mpii(tmp_path / "mpii"))
    assert report.problems == []
    people = json.loads((tmp_path / "mpii/annot/valid.json").read_text())
    labelled = sum(sum(person["joints_vis"]) for person in people)
    assert report.summary == {
        "images": 3,
        "people": 5,
        "labelled people": 5,
        "keypoints with v = 0": 80 - labelled,
        "keypoints with v = 1": 0,
        "keypoints with v = 2": labelled,
    }
    report = check_wflw(write_wflw(tmp_path / "wflw"))
    assert report.problems == []
    assert report.summary["keypoints with v = 2"] == 5 * 98
    assert report.summary["with attribute occlusion"] == 2


def test_split_without_joints(tmp_path):
    report = check_mpii(write_mpii(tmp_path / "mpii"), "test")
    assert report.problems == []
    assert report.summary["people"] == 5 and report.summary["labelled people"] == 0


def test_everything_wrong_is_reported_at_once(tmp_path):
    folder = write_mpii(tmp_path / "mpii")
    path = folder / "annot/valid.json"
    people = json.loads(path.read_text())
    people[0]["joints"].pop()
    del people[3]["scale"]
    path.write_text(json.dumps(people))
    (folder / "images/001.png").write_bytes(b"no picture")
    (folder / "images/002.png").unlink()
    problems = check_mpii(folder).problems
    for problem, words in zip(
        problems,
        ("entry 0 has 15", "entry 3 has no 'scale'", "001.png cannot be", "002.png cannot be"),
        strict=True,
    ):
        assert words in problem and problem.endswith(".") and "\n" not in problem
    assert "(" in problems[2] and "entry 2)." in problems[2]


@pytest.mark.parametrize("text", ["", "1 2 3\n"])
def test_foreign_lists(tmp_path, text):
    folder = write_wflw(tmp_path / "wflw")
    (folder / WFLW_LIST.format(split="test")).write_text(text)
    assert "has no people that can be read." in check_wflw(folder).problems[-1]
