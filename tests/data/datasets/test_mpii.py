"""MPII's reader against the file's numbers and HRNet's rule."""

import json

import numpy as np
import pytest
from detectron2.data import DatasetCatalog
from helpers.entry_sets import write_mpii

from adaanchor_d2.data.affine import box_to_region
from adaanchor_d2.data.datasets.mpii import MPII_FORMAT
from adaanchor_d2.data.person_records import evaluated_people, labelled_people
from adaanchor_d2.data.skeletons import get_skeleton
from adaanchor_d2.errors import InputError

MPII = get_skeleton("mpii")


@pytest.fixture
def data_root(tmp_path, monkeypatch):
    write_mpii(tmp_path / "mpii")
    monkeypatch.setenv("DETECTRON2_DATASETS", str(tmp_path))
    return tmp_path


def rewrite(data_root, change, name="valid"):
    path = data_root / f"mpii/annot/{name}.json"
    people = json.loads(path.read_text())
    change(people)
    path.write_text(json.dumps(people))


def test_first_person_of_the_real_sample(real_data_root):
    record = DatasetCatalog.get("mpii_keypoints_val")[0]
    assert record["file_name"] == str(real_data_root / "mpii/images/005808361.jpg")
    assert "height" not in record and "width" not in record
    (person,) = record["annotations"]
    # In the file: joint 0 at (804, 711), centre (966, 340), scale 4.718488.
    assert person["keypoints"][:3] == [803.5, 710.5, 2.0]
    side = 200 * 4.718488
    center = (966 - 0.5, 340 + 15 * 4.718488 - 0.5)
    expected = [center[0] - side / 2, center[1] - side / 2, side, side]
    np.testing.assert_allclose(person["bbox"], expected, atol=1e-9)
    assert person["num_keypoints"] == 16 and person["area"] == pytest.approx(side**2)


def test_missing_joints_of_the_real_sample(real_data_root):
    people = labelled_people(DatasetCatalog.get("mpii_keypoints_val"))
    assert [int((person["keypoints"][:, 2] == 0).sum()) for person in people] == [0, 2, 0]
    assert set(np.unique([person["keypoints"][:, 2] for person in people])) == {0, 2}
    assert people[1]["keypoints"][[0, 5], 2].tolist() == [0, 0]


def test_region_is_the_one_that_hrnet_crops(data_root):
    people = json.loads((data_root / "mpii/annot/valid.json").read_text())
    records = labelled_people(DatasetCatalog.get("mpii_keypoints_val"))
    for person, record in zip(people, records, strict=True):
        index = np.array(person["center"]) + [0, 15 * person["scale"]] - 1  # 0-based
        region = box_to_region(record["bbox"], 1.0, 1.25)
        np.testing.assert_allclose(region[:2], index + 0.5, atol=1e-9)
        np.testing.assert_allclose(region[2:], person["scale"] * 1.25 * 200, atol=1e-9)


def test_people_of_one_image_share_its_record_and_ids_follow_the_file(data_root):
    records = DatasetCatalog.get("mpii_keypoints_val")
    assert [record["image_id"] for record in records] == [1, 2, 3]
    ids = [[person["id"] for person in record["annotations"]] for record in records]
    assert ids == [[1, 2], [3, 4], [5]]


def test_trainval_is_its_file_or_both_parts(data_root):
    rewrite(data_root, lambda people: people.pop(), "train")
    people = [a for r in DatasetCatalog.get("mpii_keypoints_trainval") for a in r["annotations"]]
    assert [person["id"] for person in people] == [1, 2, 5, 6, 3, 4, 7, 8, 9]
    (data_root / "mpii/annot/trainval.json").write_text(
        (data_root / "mpii/annot/train.json").read_text()
    )
    assert len(evaluated_people(DatasetCatalog.get("mpii_keypoints_trainval"))) == 4


def test_test_split_has_people_without_keypoints(data_root):
    records = DatasetCatalog.get("mpii_keypoints_test")
    assert not any("keypoints" in a or "num_keypoints" in a for a in records[0]["annotations"])
    assert labelled_people(records) == []
    people = evaluated_people(records)
    assert len(people) == 5 and not any("keypoints" in person for person in people)


def change_field(key, value):
    return lambda people: people[3].update({key: value})


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda people: people[3].pop("center"), "entry 3 has no 'center'."),
        (lambda people: people[3].pop("joints"), "entry 3 has no 'joints'."),
        (lambda people: people[3].pop("joints_vis"), "entry 3 has no 'joints_vis'."),
        (lambda people: people[3]["joints"].pop(), "entry 3 has 15 'joints', but .* 'mpii' has 16"),
        (lambda people: people[3]["joints_vis"].append(1), "entry 3 has 17 'joints_vis'"),
        (change_field("scale", "big"), "entry 3 has scale 'big', which is not a number above 0"),
        (change_field("scale", -1), "entry 3 has scale -1"),
        (change_field("scale", float("nan")), "entry 3 has scale nan"),
        (change_field("center", [3]), r"entry 3 has center \[3\], which is not two numbers"),
        (change_field("image", 7), "entry 3 has image 7, which is not a file name"),
        (change_field("image", "none.jpg"), "entry 3 names the image .*none.jpg, which does not"),
        (change_field("joints", 5), "entry 3 has 'joints' that are not a list"),
        (lambda people: people[3]["joints"].__setitem__(2, ["a", 1]), "'right_hip', which is not"),
        (
            lambda people: people[3]["joints_vis"].__setitem__(9, 2),
            "joints_vis 2 for 'head_top', not 0 or 1",
        ),
        (lambda people: people.__setitem__(3, [1, 2]), "entry 3 is not an object"),
    ],
)
def test_bad_entries_get_one_sentence(data_root, change, sentence):
    rewrite(data_root, change)
    with pytest.raises(InputError, match=sentence) as error:
        DatasetCatalog.get("mpii_keypoints_val")
    message = str(error.value)
    assert "valid.json" in message and "\n" not in message and message.endswith(".")


@pytest.mark.parametrize("text", ["[{", '{"people": []}', "\x00\xff"])
def test_foreign_or_cut_files(data_root, text):
    path = data_root / "mpii/annot/valid.json"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(InputError, match="valid.json"):
        MPII_FORMAT.load(str(path), str(data_root / "mpii/images"), MPII)
