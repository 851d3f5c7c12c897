import json

import numpy as np
import pytest
from detectron2.data import DatasetCatalog, MetadataCatalog
from helpers.crowd_sets import crowd_person, write_crowdpose

from adaanchor_d2.data.datasets.crowdpose import crowd_index
from adaanchor_d2.data.skeletons import get_skeleton
from adaanchor_d2.errors import InputError

PEOPLE = {
    "train": [crowd_person(1, 5, [2, 3, 40, 50])],
    "val": [crowd_person(2, 4, [10, 3, 40, 50]), crowd_person(3, 6, [5, 5, 9, 9], [])],
}


@pytest.mark.parametrize("split", ["trainval", "test"])
def test_the_real_sample(real_data_root, split):
    json_file = real_data_root / "crowdpose" / "annotations" / f"crowdpose_{split}.json"
    document = json.loads(json_file.read_text())
    people = {annotation["id"]: annotation for annotation in document["annotations"]}
    crowdedness = {image["id"]: image["crowdIndex"] for image in document["images"]}
    records = DatasetCatalog.get(f"crowdpose_{split}")
    assert {record["image_id"]: record["crowdIndex"] for record in records} == crowdedness
    read = [person for record in records for person in record["annotations"]]
    assert {person["id"] for person in read} == people.keys()
    for person in read:
        official = people[person["id"]]
        assert person["num_keypoints"] == official["num_keypoints"]
        width, height = official["bbox"][2:]
        assert person["area"] == pytest.approx(0.53 * width * height)
        assert "segmentation" not in person
        shift = np.tile([0.5, 0.5, 0], 14)
        np.testing.assert_allclose(np.array(person["keypoints"]) - shift, official["keypoints"])


def test_num_keypoints_is_not_recounted(real_data_root):
    records = DatasetCatalog.get("crowdpose_trainval")
    people = [person for record in records for person in record["annotations"]]
    heads_alone = [p for p in people if not p["num_keypoints"] and any(p["keypoints"][2::3])]
    assert [person["id"] for person in heads_alone] == [157640]


@pytest.mark.parametrize("split", ["trainval", "test"])
def test_crowd_index_of_the_real_sample(real_data_root, split):
    """The published values have two decimals."""
    for record in DatasetCatalog.get(f"crowdpose_{split}"):
        boxes = np.array([person["bbox"] for person in record["annotations"]])
        keypoints = np.array([person["keypoints"] for person in record["annotations"]])
        index = crowd_index(boxes, keypoints.reshape(-1, 14, 3) - (0.5, 0.5, 0))
        assert round(index, 2) == record["crowdIndex"]


def test_crowd_index_by_hand():
    boxes = np.array([[0, 0, 10, 10], [5, 5, 10, 10], [90, 90, 9, 9]], float)
    keypoints = np.zeros((3, 14, 3))
    keypoints[0, :8] = (6, 6, 2)  # inside both boxes
    keypoints[1, :2] = (7, 7, 1)  # inside both boxes
    keypoints[1, 2:10] = (14, 14, 1)  # inside the second alone
    keypoints[2, :5] = (6, 6, 2)  # too few to count as a person, but they are others' trouble
    expected = ((2 + 5) / 8 + (8 + 5) / 10) / 2
    assert crowd_index(boxes, keypoints) == pytest.approx(expected)
    assert crowd_index(boxes[:0], keypoints[:0]) == 0
    assert crowd_index(boxes[2:], keypoints[2:]) == 0


@pytest.mark.parametrize("folder", ["crowdpose", "crowd_pose"])
@pytest.mark.parametrize("json_folder", ["annotations", "json"])
def test_trainval_is_made_of_train_and_val(tmp_path, monkeypatch, folder, json_folder):
    write_crowdpose(tmp_path / folder, PEOPLE, json_folder)
    monkeypatch.setenv("DETECTRON2_DATASETS", str(tmp_path))
    ids = {
        split: [record["image_id"] for record in DatasetCatalog.get(f"crowdpose_{split}")]
        for split in ("train", "val", "trainval")
    }
    assert ids == {"train": [5], "val": [4, 6], "trainval": [4, 5, 6]}


def test_a_trainval_file_comes_first(tmp_path, monkeypatch):
    write_crowdpose(tmp_path / "crowdpose", PEOPLE | {"trainval": PEOPLE["train"]})
    monkeypatch.setenv("DETECTRON2_DATASETS", str(tmp_path))
    assert [record["image_id"] for record in DatasetCatalog.get("crowdpose_trainval")] == [5]


def test_metadata_names_files_that_are_there(tmp_path, monkeypatch):
    monkeypatch.setenv("DETECTRON2_DATASETS", str(tmp_path))
    folder = write_crowdpose(tmp_path / "crowdpose", PEOPLE) / "annotations"
    parts = [str(folder / f"crowdpose_{part}.json") for part in ("train", "val")]
    DatasetCatalog.get("crowdpose_trainval")
    metadata = MetadataCatalog.get("crowdpose_trainval")
    assert metadata.annotation_files == parts and not hasattr(metadata, "json_file")
    whole = folder / "crowdpose_trainval.json"
    (folder / "crowdpose_train.json").rename(whole)
    DatasetCatalog.get("crowdpose_trainval")
    assert metadata.annotation_files == [str(whole)] and metadata.json_file == str(whole)


@pytest.mark.parametrize(
    ("person", "twice"),
    [(crowd_person(9, 5, [1, 1, 9, 9]), "image 5"), (crowd_person(1, 7, [1, 1, 9, 9]), "tion 1")],
)
def test_ids_of_train_and_val_must_differ(tmp_path, monkeypatch, person, twice):
    write_crowdpose(tmp_path / "crowdpose", PEOPLE | {"val": [person]})
    monkeypatch.setenv("DETECTRON2_DATASETS", str(tmp_path))
    with pytest.raises(InputError, match=f"train.json and .*val.json both have .*{twice}; ids"):
        DatasetCatalog.get("crowdpose_trainval")


def test_a_crowd_index_must_be_a_number(tmp_path, monkeypatch):
    write_crowdpose(tmp_path / "crowdpose", PEOPLE, crowd_index="high")
    monkeypatch.setenv("DETECTRON2_DATASETS", str(tmp_path))
    with pytest.raises(InputError, match="image 5 has crowdIndex 'high', which is not a finite"):
        DatasetCatalog.get("crowdpose_train")


def test_missing_files_are_named(tmp_path, monkeypatch):
    write_crowdpose(tmp_path / "crowdpose", {"train": PEOPLE["train"]})
    monkeypatch.setenv("DETECTRON2_DATASETS", str(tmp_path))
    with pytest.raises(InputError) as error:
        DatasetCatalog.get("crowdpose_trainval")
    message = str(error.value)
    assert "crowdpose_val.json does not exist" in message and "crowdpose or crowd_pose" in message
    assert "(or crowdpose_train.json and crowdpose_val.json)" in message


@pytest.mark.parametrize("name", ["crowdpose_{}", "synthetic_crowds_{}"])
def test_metadata(name):
    splits = ("train", "val") if name.startswith("synthetic") else ("trainval", "test")
    for split in splits:
        metadata = MetadataCatalog.get(name.format(split))
        assert metadata.evaluator_type == "crowdpose"
        assert metadata.skeleton == get_skeleton("crowdpose")
