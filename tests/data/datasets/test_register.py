import shutil

import pytest
from detectron2.data import DatasetCatalog, MetadataCatalog

from adaanchor_d2.data import register_coco_keypoints
from adaanchor_d2.data.person_records import labelled_people
from adaanchor_d2.data.skeletons import get_skeleton
from adaanchor_d2.errors import InputError


@pytest.mark.parametrize("split, people, images", [("train", 95, 70), ("val", 46, 42)])
def test_builtin_data_sets_follow_the_data_root(real_data_root, split, people, images):
    records = DatasetCatalog.get(f"coco_keypoints_{split}")
    assert len(records) == images and len(labelled_people(records)) == people
    metadata = MetadataCatalog.get(f"coco_keypoints_{split}")
    assert metadata.json_file.startswith(str(real_data_root))
    assert metadata.image_root == str(real_data_root / "coco" / f"{split}2017")


def test_metadata():
    metadata = MetadataCatalog.get("coco_keypoints_val")
    assert metadata.evaluator_type == "coco_keypoints"
    assert metadata.thing_classes == ["person"]
    assert metadata.skeleton == get_skeleton("coco")
    assert metadata.keypoint_names[0] == "nose"
    assert ("left_eye", "right_eye") in metadata.keypoint_flip_map
    assert len(metadata.keypoint_flip_map) == 8
    assert ("left_hip", "left_knee") in [rule[:2] for rule in metadata.keypoint_connection_rules]
    assert metadata.person_detections_file.endswith("COCO_val2017_detections_AP_H_56_person.json")
    assert MetadataCatalog.get("coco_keypoints_train").person_detections_file == ""


@pytest.mark.parametrize("folder", ["val2017", "images/val2017"])
def test_both_places_of_the_images(tmp_path, monkeypatch, tiny_dataset, folder):
    base = tmp_path / "root" / "synthetic_people"
    shutil.copytree(tiny_dataset.image_root, base / folder)
    (base / "annotations").mkdir()
    shutil.copy(tiny_dataset.json_file, base / "annotations" / "person_keypoints_val2017.json")
    monkeypatch.setenv("DETECTRON2_DATASETS", str(tmp_path / "root"))
    records = DatasetCatalog.get("synthetic_people_val")
    assert records[0]["file_name"] == str(base / folder / "a.png")


def test_missing_data_root_says_the_layout(tmp_path, monkeypatch):
    monkeypatch.setenv("DETECTRON2_DATASETS", str(tmp_path / "none"))
    with pytest.raises(InputError) as error:
        DatasetCatalog.get("coco_keypoints_train")
    message = str(error.value)
    assert "coco/annotations/person_keypoints_train2017.json" in message
    assert "coco/images/train2017" in message and "DETECTRON2_DATASETS" in message
    assert str(tmp_path / "none") in message and "\n" not in message


def test_own_data_set(tiny_dataset, dataset_name):
    register_coco_keypoints(dataset_name, tiny_dataset.json_file, tiny_dataset.image_root, "coco")
    assert [len(record["annotations"]) for record in DatasetCatalog.get(dataset_name)] == [2, 1]
    assert MetadataCatalog.get(dataset_name).json_file == str(tiny_dataset.json_file)
    with pytest.raises(InputError, match="'test_people' is already registered"):
        register_coco_keypoints(dataset_name, "a.json", "images", "coco")


def test_unknown_skeleton(dataset_name):
    with pytest.raises(InputError, match="Skeleton 'kokko' is unknown"):
        register_coco_keypoints(dataset_name, "a.json", "images", "kokko")
    assert dataset_name not in DatasetCatalog.list()
