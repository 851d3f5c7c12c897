"""Synthetic crowds in CrowdPose's layout."""

import json

import numpy as np
import pytest
from detectron2.data import DatasetCatalog

from adaanchor_d2.data.datasets.crowdpose import crowd_index
from adaanchor_d2.data.skeletons import get_skeleton
from adaanchor_d2.data.synthetic import main, write_synthetic_people
from adaanchor_d2.data.synthetic_layouts import SyntheticCrowdsOptions
from adaanchor_d2.data.synthetic_people.image import SyntheticPeopleOptions
from adaanchor_d2.errors import InputError


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("crowds")
    write_synthetic_people(
        root / "synthetic_crowds", num_train=2, num_val=25, seed=1, layout="crowdpose"
    )
    return root


def read(root, split="val"):
    file = root / "synthetic_crowds" / "annotations" / f"crowdpose_{split}.json"
    return json.loads(file.read_text())


def test_fields_are_those_of_the_real_file(root, shared_data):
    real = json.loads((shared_data / "crowdpose/annotations/crowdpose_test.json").read_text())
    made = read(root)
    assert set(made) - {"info"} == set(real)
    for table in ("images", "annotations", "categories"):
        assert {key for entry in made[table] for key in entry} == set(real[table][0])
    assert made["categories"][0]["keypoints"] == real["categories"][0]["keypoints"]


def test_labels(root):
    document = read(root)
    names = get_skeleton("crowdpose").names
    flags = np.array([person["keypoints"][2::3] for person in document["annotations"]])
    assert flags.shape[1] == len(names) == 14
    assert set(flags[:, :12].ravel()) == {0, 1, 2} and set(flags[:, 12:].ravel()) == {0, 1}
    counts = [person["num_keypoints"] for person in document["annotations"]]
    assert counts == (flags[:, :12] > 0).sum(axis=1).tolist()
    for person in document["annotations"]:
        assert "area" not in person and "segmentation" not in person


def test_head_and_neck_lie_above_the_shoulders(root):
    """Of upright people, who are the most."""
    people = [np.reshape(p["keypoints"], (14, 3)) for p in read(root)["annotations"]]
    whole = np.array([p for p in people if (p[[0, 1, 12, 13], 2] > 0).all()])
    shoulders = whole[:, :2, 1].mean(axis=1)
    neck, head = whole[:, 13, 1], whole[:, 12, 1]
    assert np.mean((head < neck) & (neck < shoulders)) > 0.8
    share = np.median((shoulders - neck) / (shoulders - head))
    assert 0.15 < share < 0.33  # 0.23 in CrowdPose


def test_crowd_index_is_computed_by_its_definition(root):
    document = read(root)
    values = []
    for image in document["images"]:
        people = [p for p in document["annotations"] if p["image_id"] == image["id"]]
        boxes = np.array([p["bbox"] for p in people])
        keypoints = np.array([p["keypoints"] for p in people]).reshape(-1, 14, 3)
        assert image["crowdIndex"] == round(crowd_index(boxes, keypoints), 2)
        values.append(image["crowdIndex"])
    assert min(values) < 0.2 and max(values) >= 0.8  # easy and hard ones


def test_the_readers_of_crowdpose_read_it(root, monkeypatch):
    monkeypatch.setenv("DETECTRON2_DATASETS", str(root))
    for split, count in (("train", 2), ("val", 25)):
        records = DatasetCatalog.get(f"synthetic_crowds_{split}")
        assert len(records) == count and all("crowdIndex" in record for record in records)
        assert all(len(record["annotations"]) <= 6 for record in records)


def test_ids_of_the_splits_differ(root):
    for table in ("images", "annotations"):
        ids = [{entry["id"] for entry in read(root, split)[table]} for split in ("train", "val")]
        assert ids[0] and not ids[0] & ids[1] and min(ids[0]) == 1


def test_crowding_is_controlled(tmp_path):
    medians = []
    for flags in (["--overlap-probability", "0"], ["--overlap-probability", "1"]):
        output = tmp_path / flags[-1] / "synthetic_crowds"
        counts = ["--num-train", "0", "--num-val", "10", "--min-people", "4"]
        main(["--layout", "crowdpose", "--output", str(output), *counts, *flags])
        document = read(tmp_path / flags[-1])
        assert document["info"]["options"]["min_people"] == 4
        medians.append(np.median([image["crowdIndex"] for image in document["images"]]))
    assert medians[0] < 0.6 < 0.8 < medians[1]


def test_more_people_at_least_than_at_most():
    with pytest.raises(InputError, match="min_people must be 1 to max_people 1, not 2"):
        SyntheticCrowdsOptions(max_people=1)
    with pytest.raises(InputError, match="min_people must be 1 to max_people 4, not 0"):
        SyntheticPeopleOptions(min_people=0)


def test_help_tells_the_defaults_of_both_layouts(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "most people in a picture (default: 4; crowdpose: 6)" in " ".join(
        capsys.readouterr().out.split()
    )
