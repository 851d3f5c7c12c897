import pytest
from detectron2.structures import BoxMode

from adaanchor_d2.data.datasets.coco import load_coco_keypoints
from adaanchor_d2.data.skeletons import get_skeleton
from adaanchor_d2.errors import InputError

COCO = get_skeleton("coco")


def load(dataset):
    return load_coco_keypoints(str(dataset.json_file), str(dataset.image_root), COCO)


def test_image_records(tiny_dataset):
    tiny_dataset.document["images"].reverse()
    tiny_dataset.document["annotations"][0]["segmentation"] = [[1, 2, 3, 4, 5, 6]]
    first, second = load(tiny_dataset.write())
    assert (first["image_id"], second["image_id"]) == (7, 9)
    assert first["file_name"] == str(tiny_dataset.image_root / "a.png")
    assert (first["height"], first["width"]) == (48, 64)
    assert [person["id"] for person in first["annotations"]] == [1, 2]
    person = first["annotations"][0]
    assert person["bbox"] == [10, 5, 20, 30] and person["bbox_mode"] == BoxMode.XYWH_ABS
    assert person["category_id"] == 0 and person["iscrowd"] == 0
    assert person["area"] == 600 and person["num_keypoints"] == 17
    assert person["segmentation"] == [[1, 2, 3, 4, 5, 6]]
    assert "segmentation" not in first["annotations"][1]


def test_half_a_pixel_is_added_once(tiny_dataset):
    person = load(tiny_dataset)[0]["annotations"][1]
    assert person["keypoints"][:6] == [30.5, 10.5, 1, 31.5, 11.5, 2]
    assert person["keypoints"][-3:] == [0.5, 0.5, 0]
    assert all(isinstance(value, float) for value in person["keypoints"])


def test_absent_fields_have_defaults(tiny_dataset):
    for key in ("iscrowd", "area", "num_keypoints"):
        del tiny_dataset.document["annotations"][1][key]
    person = load(tiny_dataset.write())[0]["annotations"][1]
    assert (person["iscrowd"], person["num_keypoints"]) == (0, 16)
    assert person["area"] == pytest.approx(0.53 * 600)


def test_other_categories_are_no_people(tiny_dataset):
    tiny_dataset.document["annotations"][0]["category_id"] = 18
    tiny_dataset.document["annotations"][0]["keypoints"] = []
    assert [p["id"] for p in load(tiny_dataset.write())[0]["annotations"]] == [2]


def test_missing_image_folder(tiny_dataset):
    with pytest.raises(InputError, match="Image folder nowhere of .* does not exist"):
        load_coco_keypoints(str(tiny_dataset.json_file), "nowhere", COCO)
