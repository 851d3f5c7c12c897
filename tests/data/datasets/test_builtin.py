import pytest
from detectron2.data import DatasetCatalog, MetadataCatalog
from helpers.entry_sets import write_mpii

from adaanchor_d2.data.skeletons import get_skeleton
from adaanchor_d2.errors import InputError

KINDS = {
    "mpii_keypoints_{}": (("train", "val", "trainval", "test"), "mpii", "person"),
    "synthetic_people_mpii_{}": (("train", "val"), "mpii", "person"),
    "wflw_{}": (("train", "test"), "wflw", "face"),
    "synthetic_faces_{}": (("train", "val"), "wflw", "face"),
}


@pytest.mark.parametrize("pattern", KINDS)
def test_metadata(pattern):
    splits, skeleton, thing_class = KINDS[pattern]
    evaluator_type = {"mpii": "mpii_keypoints", "wflw": "wflw_landmarks"}[skeleton]
    for split in splits:
        metadata = MetadataCatalog.get(pattern.format(split))
        assert metadata.skeleton == get_skeleton(skeleton)
        assert metadata.evaluator_type == evaluator_type
        assert metadata.thing_classes == [thing_class]


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("mpii_keypoints_val", ["mpii/annot/valid.json", "mpii/images/*.jpg"]),
        ("mpii_keypoints_trainval", ["mpii/annot/trainval.json (or train.json and valid.json)"]),
        ("wflw_train", ["list_98pt_rect_attr_train.txt", "wflw/face_landmarks_wflw_train.csv"]),
        ("synthetic_faces_val", ["synthetic_faces/WFLW_annotations", "attr_test.txt"]),
    ],
)
def test_missing_data_set_says_the_layout(tmp_path, monkeypatch, name, parts):
    monkeypatch.setenv("DETECTRON2_DATASETS", str(tmp_path / "none"))
    with pytest.raises(InputError) as error:
        DatasetCatalog.get(name)
    message = str(error.value)
    assert f"Data set '{name}' is not there" in message and "\n" not in message
    assert all(part in message for part in [*parts, "DETECTRON2_DATASETS"])


def test_ground_truth_file_of_the_validation_split_alone(tmp_path, monkeypatch):
    write_mpii(tmp_path / "mpii")
    monkeypatch.setenv("DETECTRON2_DATASETS", str(tmp_path))
    for split, expected in {
        "val": str(tmp_path / "mpii/annot/gt_valid.mat"),
        "train": "",
        "trainval": "",
        "test": "",
    }.items():
        DatasetCatalog.get(f"mpii_keypoints_{split}")
        assert MetadataCatalog.get(f"mpii_keypoints_{split}").ground_truth_file == expected
