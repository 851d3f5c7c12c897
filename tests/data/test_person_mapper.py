import copy
import json

import cv2
import numpy as np
import pytest
import torch

from adaanchor_d2.data import PersonCropMapper, get_skeleton, register_coco_keypoints
from adaanchor_d2.data.affine import apply_affine
from adaanchor_d2.data.augmentation import PersonAugmentation
from adaanchor_d2.data.datasets.coco import load_coco_keypoints
from adaanchor_d2.data.person_records import labelled_people
from adaanchor_d2.errors import InputError

COCO = get_skeleton("coco")


def make_augmentation(flip_prob=0.5, scale=0.3, rotation=40.0, half_body=0.0):
    return PersonAugmentation(
        skeleton=COCO,
        flip_prob=flip_prob,
        scale_factor=scale,
        rotation_factor=rotation,
        rotation_prob=1.0,
        half_body_prob=half_body,
        half_body_min_keypoints=8,
    )


def make_mapper(augmentation=None, **changes) -> PersonCropMapper:
    args = {
        "crop_size": (64, 48),
        "box_padding": 1.25,
        "image_format": "RGB",
        "flip_indices": COCO.flip_indices,
        "augmentation": augmentation,
        "seed": 1,
    }
    return PersonCropMapper(**(args | changes))


@pytest.fixture
def records(tiny_dataset):
    images = load_coco_keypoints(str(tiny_dataset.json_file), str(tiny_dataset.image_root), COCO)
    return labelled_people(images)


def test_sample_has_the_fields_of_the_contract(records):
    before = copy.deepcopy(records[0])
    sample = make_mapper()(records[0])
    assert sample["image"].shape == (3, 64, 48) and sample["image"].dtype == torch.uint8
    assert sample["image"].is_contiguous()
    assert sample["keypoints"].shape == (17, 3) and sample["keypoints"].dtype == torch.float32
    assert sample["crop_to_image"].shape == (2, 3)
    assert sample["crop_to_image"].dtype == np.float64
    rest = set(sample) - {"image", "keypoints", "crop_to_image"}
    assert {key: sample[key] for key in rest} == {
        "file_name": before["file_name"],
        "image_id": 7,
        "annotation_id": 1,
        "box_score": 1.0,
        "person_box": (10, 5, 30, 35),
        "height": 48,
        "width": 64,
    }
    np.testing.assert_array_equal(records[0]["keypoints"], before["keypoints"])


def test_detector_boxes_have_no_keypoints(records):
    record = {k: v for k, v in records[0].items() if k not in ("keypoints", "area")}
    assert "keypoints" not in make_mapper()(record)


def test_image_formats_differ_in_channel_order(records):
    rgb = make_mapper(image_format="RGB")(records[0])["image"]
    bgr = make_mapper(image_format="BGR")(records[0])["image"]
    assert not torch.equal(rgb, bgr) and torch.equal(rgb, bgr.flip(0))


@pytest.mark.parametrize("flip_prob", [0.0, 1.0])
def test_a_lit_pixel_lands_on_its_keypoint(tmp_path, tiny_dataset, flip_prob):
    """From the annotation file to the crop: COCO's pixel (23, 17) is lit and is a left eye."""
    image = np.zeros((48, 64, 3), np.uint8)
    image[17, 23] = 255
    cv2.imwrite(str(tiny_dataset.image_root / "a.png"), image)
    person = tiny_dataset.person(1, 7, [18, 12, 9, 11], [0] * 17)
    person["keypoints"][3:6] = [23, 17, 1]
    person["num_keypoints"] = 1
    tiny_dataset.document["annotations"] = [person]
    tiny_dataset.write()
    images = load_coco_keypoints(str(tiny_dataset.json_file), str(tiny_dataset.image_root), COCO)
    (record,) = labelled_people(images)
    mapper = make_mapper(make_augmentation(flip_prob=flip_prob))
    for _ in range(10):
        sample = mapper(record)
        light = sample["image"][0].double()
        y, x = torch.meshgrid(torch.arange(64) + 0.5, torch.arange(48) + 0.5, indexing="ij")
        centre = torch.stack([(light * x).sum(), (light * y).sum()]) / light.sum()
        eye = 2 if flip_prob else 1
        assert sample["keypoints"][:, 2].nonzero().flatten().tolist() == [eye]
        torch.testing.assert_close(centre.float(), sample["keypoints"][eye, :2], rtol=0, atol=0.1)


def test_round_trip_with_rotation_flip_and_truncation(records):
    mapper = make_mapper(make_augmentation(half_body=0.5))
    truncated = 0
    for record in records * 50:
        sample = mapper(record)
        keypoints = sample["keypoints"].double().numpy()
        truncated += ((keypoints[:, :2] < 0) | (keypoints[:, :2] > [48, 64])).any()
        back = apply_affine(sample["crop_to_image"], keypoints[:, :2])
        mirrored = np.linalg.det(sample["crop_to_image"][:, :2]) < 0
        expected = record["keypoints"][list(COCO.flip_indices)] if mirrored else record["keypoints"]
        np.testing.assert_allclose(back, expected[:, :2], rtol=0, atol=0.01)
        np.testing.assert_array_equal(keypoints[:, 2], expected[:, 2])
    assert truncated  # points outside the crop were among them, with place and v


def test_real_people_survive_the_round_trip(real_data_root):
    files = real_data_root / "coco"
    images = load_coco_keypoints(
        str(files / "annotations/person_keypoints_val2017.json"), str(files / "val2017"), COCO
    )
    document = json.loads((files / "annotations/person_keypoints_val2017.json").read_text())
    annotations = {a["id"]: a for a in document["annotations"]}
    mapper = make_mapper(crop_size=(256, 192))
    for record in labelled_people(images)[:10]:
        sample = mapper(record)
        back = apply_affine(sample["crop_to_image"], sample["keypoints"][:, :2].double().numpy())
        expected = np.reshape(annotations[record["annotation_id"]]["keypoints"], (17, 3))[:, :2]
        np.testing.assert_allclose(back - 0.5, expected, rtol=0, atol=0.01)
        centre = apply_affine(sample["crop_to_image"], np.array([96.0, 128.0]))
        x1, y1, x2, y2 = sample["person_box"]
        np.testing.assert_allclose(centre, [(x1 + x2) / 2, (y1 + y2) / 2])


def test_equal_seeds_give_equal_samples(records):
    first, second = (make_mapper(make_augmentation()) for _ in range(2))
    for _ in range(3):
        a, b = first(records[0]), second(records[0])
        assert torch.equal(a["image"], b["image"]) and torch.equal(a["keypoints"], b["keypoints"])
    other = make_mapper(make_augmentation(), seed=2)(records[0])
    assert not torch.equal(
        other["keypoints"], make_mapper(make_augmentation())(records[0])["keypoints"]
    )


def test_config_of_training_and_evaluation(make_cfg):
    options = ("DATASETS.TRAIN", ("coco_keypoints_train",))
    mapper = PersonCropMapper(make_cfg(*options), is_train=True)
    assert mapper.augmentation.flip_prob == 0.5 and mapper.augmentation.rotation_factor == 40
    assert mapper.crop_size == (256, 192) and mapper.flip_indices == list(COCO.flip_indices)
    unflipped = PersonCropMapper(make_cfg(*options, "INPUT.RANDOM_FLIP", "none"), is_train=True)
    assert unflipped.augmentation.flip_prob == 0
    assert PersonCropMapper(make_cfg(), is_train=False).augmentation is None


@pytest.mark.parametrize(
    "options, key",
    [
        (("INPUT.FORMAT", "L"), "INPUT.FORMAT is 'L'"),
        (("INPUT.RANDOM_FLIP", "vertical"), "INPUT.RANDOM_FLIP is 'vertical'"),
        (("INPUT.CROP_SIZE", (0, 192)), "INPUT.CROP_SIZE"),
        (("DATASETS.TRAIN", ()), "DATASETS.TRAIN is empty: name a data set"),
        (("DATASETS.TRAIN", ("coco",)), "data set 'coco' is unknown; known are coco_keypoints"),
    ],
)
def test_bad_config(make_cfg, options, key):
    cfg = make_cfg("DATASETS.TRAIN", ("coco_keypoints_train",), *options)
    with pytest.raises(InputError, match=key):
        PersonCropMapper(cfg, is_train=True)


def test_data_set_without_people(tiny_dataset):
    tiny_dataset.document["annotations"] = tiny_dataset.document["annotations"][2:]
    tiny_dataset.write()
    images = load_coco_keypoints(str(tiny_dataset.json_file), str(tiny_dataset.image_root), COCO)
    with pytest.raises(InputError, match="Data set 'mine' has no people to use"):
        make_mapper().records(images, "mine")


def test_detector_boxes(tiny_dataset, dataset_name, tmp_path):
    images = load_coco_keypoints(str(tiny_dataset.json_file), str(tiny_dataset.image_root), COCO)
    boxes = tmp_path / "boxes.json"
    entry = {"image_id": 9, "category_id": 1, "bbox": [1, 2, 10, 20], "score": 0.4}
    boxes.write_text(json.dumps([entry, entry | {"image_id": 7, "score": 0.9}]))
    register_coco_keypoints(
        dataset_name, tiny_dataset.json_file, tiny_dataset.image_root, "coco", boxes
    )
    for person_boxes in ("detector", str(boxes)):
        people = make_mapper(person_boxes=person_boxes).records(images, dataset_name)
        assert [(p["image_id"], p["box_score"]) for p in people] == [(7, 0.9), (9, 0.4)]
    high = make_mapper(person_boxes="detector", min_box_score=0.5)
    assert [p["image_id"] for p in high.records(images, dataset_name)] == [7]
    with pytest.raises(InputError, match="no person box with a score of at least 0.95"):
        make_mapper(person_boxes="detector", min_box_score=0.95).records(images, dataset_name)


def test_data_set_without_detector_boxes(tiny_dataset, dataset_name):
    register_coco_keypoints(dataset_name, tiny_dataset.json_file, tiny_dataset.image_root, "coco")
    with pytest.raises(InputError, match="has no detector boxes of its own"):
        make_mapper(person_boxes="detector").records([], dataset_name)
