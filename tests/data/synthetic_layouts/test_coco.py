"""Synthetic people in COCO's layout."""

import cv2
import pytest
from pycocotools.coco import COCO

from adaanchor_d2.data.synthetic import write_synthetic_people

# As in COCO's person_keypoints_val2017.json.
OFFICIAL_NAMES = (
    "nose left_eye right_eye left_ear right_ear left_shoulder right_shoulder left_elbow "
    "right_elbow left_wrist right_wrist left_hip right_hip left_knee right_knee left_ankle "
    "right_ankle"
).split()
NUM_TRAIN, NUM_VAL = 10, 4


@pytest.fixture(scope="module")
def data_set(tmp_path_factory):
    output = tmp_path_factory.mktemp("people") / "synthetic_people"
    write_synthetic_people(output, NUM_TRAIN, NUM_VAL, seed=3)
    return output


@pytest.mark.parametrize(("split", "count"), [("train", NUM_TRAIN), ("val", NUM_VAL)])
def test_files_follow_cocos_layout(data_set, split, count):
    coco = COCO(data_set / "annotations" / f"person_keypoints_{split}2017.json")
    assert len(coco.imgs) == count
    assert len(list((data_set / f"{split}2017").iterdir())) == count
    for image in coco.loadImgs(coco.getImgIds()):
        assert image["file_name"] == f"{image['id']:012d}.jpg"
        pixels = cv2.imread(str(data_set / f"{split}2017" / image["file_name"]))
        assert pixels.shape == (image["height"], image["width"], 3) == (240, 320, 3)
    (category,) = coco.loadCats(coco.getCatIds())
    assert (category["id"], category["name"]) == (1, "person")
    assert category["keypoints"] == OFFICIAL_NAMES
    assert category["skeleton"][:3] == [[16, 14], [14, 12], [17, 15]]
    assert len(category["skeleton"]) == 19
    assert sorted(coco.anns) == list(range(1, len(coco.anns) + 1))
    for person in coco.anns.values():
        assert person["category_id"] == 1 and person["iscrowd"] == 0
        mask = coco.annToMask(person)
        # Polygons run through the centres of the outermost pixels, so they lose up to half a
        # pixel all around; holes between limbs are filled.
        assert 0.4 * person["area"] < mask.sum() < 2 * person["area"]
