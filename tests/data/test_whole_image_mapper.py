import copy
import json
import pickle

import cv2
import numpy as np
import pytest
import torch
from detectron2.data import DatasetCatalog
from pycocotools.coco import COCO

from adaanchor_d2.data import WholeImageMapper, build_test_loader, build_train_loader, get_skeleton
from adaanchor_d2.data.affine import apply_affine
from adaanchor_d2.data.whole_image_augmentation import WholeImageAugmentation
from adaanchor_d2.data.whole_image_records import evaluated_images
from adaanchor_d2.errors import InputError

SKELETON = get_skeleton("coco")
TRAINING = (
    *("INPUT.MAPPER", "WholeImageMapper", "INPUT.CROP_SIZE", (256, 256)),
    *("INPUT.MIN_SIZE_TEST", 128, "INPUT.ROTATION_FACTOR", 30.0, "SOLVER.IMS_PER_BATCH", 2),
)


def make_mapper(train=True, flip_prob=0.5, scale_range=(0.75, 1.5), rotation=30.0, **changes):
    augmentation = WholeImageAugmentation(
        flip_prob=flip_prob, scale_range=scale_range, rotation=rotation, translation=40.0
    )
    args = {
        "image_format": "RGB",
        "crop_size": (256, 256),
        "flip_indices": SKELETON.flip_indices,
        "augmentation": augmentation if train else None,
        "seed": 1,
    }
    return WholeImageMapper(**(args | changes))


def lit_record(tmp_path, point, ignored=()):
    """An image of 90 x 120 pixels with one lit pixel, and a left eye at its centre."""
    image = np.zeros((90, 120, 3), np.uint8)
    image[point[1], point[0]] = 255
    cv2.imwrite(str(tmp_path / "lit.png"), image)
    keypoints = np.zeros((1, 17, 3), np.float32)
    keypoints[0, 1] = (point[0] + 0.5, point[1] + 0.5, 1)
    return {
        "file_name": str(tmp_path / "lit.png"),
        "image_id": 3,
        "annotation_ids": [8],
        "people_keypoints": keypoints,
        "ignored": list(ignored),
    }


def real_records(split: str = "train") -> list[dict]:
    return evaluated_images(DatasetCatalog.get(f"coco_keypoints_{split}"), 17)


def light_centre(sample) -> np.ndarray:
    light = sample["image"][0].double()
    rows, columns = (torch.arange(side) + 0.5 for side in light.shape)
    total = light.sum()
    return np.array([(light.sum(0) * columns).sum(), (light.sum(1) * rows).sum()]) / total.item()


def test_sample_has_the_fields_of_the_contract(real_data_root):
    (record,) = [r for r in real_records() if len(r["annotation_ids"]) > 3][:1]
    before = copy.deepcopy(record)
    sample = make_mapper()(record)
    num_people = len(record["annotation_ids"])
    assert sample["image"].shape == (3, 256, 256) and sample["image"].dtype == torch.uint8
    assert sample["people_keypoints"].shape == (num_people, 17, 3)
    assert sample["people_keypoints"].dtype == torch.float32
    assert sample["ignore_mask"].shape == (256, 256) and sample["ignore_mask"].dtype == torch.uint8
    assert sample["crop_to_image"].shape == (2, 3) and sample["crop_to_image"].dtype == np.float64
    for key in ("file_name", "image_id", "height", "width", "annotation_ids"):
        assert sample[key] == before[key]
    np.testing.assert_array_equal(record["people_keypoints"], before["people_keypoints"])


@pytest.mark.parametrize("flip_prob", [0.0, 1.0])
def test_a_lit_pixel_lands_on_its_keypoint(tmp_path, flip_prob):
    """Scaled up only, so that the warp cannot step over the pixel."""
    record = lit_record(tmp_path, (62, 41))
    mapper = make_mapper(flip_prob=flip_prob, scale_range=(0.75, 1.0))
    eye = 2 if flip_prob else 1
    for _ in range(10):
        sample = mapper(record)
        keypoints = sample["people_keypoints"][0]
        assert keypoints[:, 2].nonzero().flatten().tolist() == [eye]
        np.testing.assert_allclose(light_centre(sample), keypoints[eye, :2], atol=0.1)


def test_a_lit_pixel_lands_on_its_keypoint_in_evaluation(tmp_path):
    sample = make_mapper(train=False, min_size=300)(lit_record(tmp_path, (62, 41)))
    assert sample["image"].shape == (3, 300, 400) and "ignore_mask" not in sample
    np.testing.assert_allclose(light_centre(sample), sample["people_keypoints"][0, 1, :2], atol=0.1)
    np.testing.assert_allclose(sample["crop_to_image"], [[0.3, 0, 0], [0, 0.3, 0]], atol=1e-9)


def test_where_the_longer_side_fits_training_and_evaluation_see_the_same(tmp_path):
    """90 x 120 pixels in 256 x 256: 256 / 120 times as large, 32 rows above and below."""
    record = lit_record(tmp_path, (62, 41))
    still = WholeImageAugmentation(
        flip_prob=0.0, scale_range=(1.0, 1.0), rotation=0.0, translation=0.0
    )
    trained = make_mapper(fit="longer", augmentation=still)(record)
    evaluated = make_mapper(fit="longer", train=False, min_size=100)(record)
    assert evaluated["image"].shape == (3, 256, 256)
    assert torch.equal(trained["image"], evaluated["image"])
    scale = 256 / 120
    expected = (62.5 * scale, 41.5 * scale + 32)
    np.testing.assert_allclose(evaluated["people_keypoints"][0, 1, :2], expected, atol=1e-4)
    np.testing.assert_allclose(light_centre(evaluated), expected, atol=0.1)
    with pytest.raises(InputError, match="INPUT.IMAGE_FIT must be shorter or longer, not 'both'"):
        make_mapper(fit="both")


def test_real_people_survive_the_round_trip(real_data_root):
    """Rotation, scale, translation and flip; points outside the input keep place and flag."""
    mapper = make_mapper(crop_size=(512, 512))
    kinds, outside = set(), 0
    for record in [r for r in real_records() if r["annotation_ids"]] * 3:
        sample = mapper(record)
        keypoints = sample["people_keypoints"].double().numpy()
        linear = sample["crop_to_image"][:, :2]
        mirrored = np.linalg.det(linear) < 0
        kinds.add(mirrored)
        expected = record["people_keypoints"]
        expected = expected[:, list(SKELETON.flip_indices)] if mirrored else expected
        back = apply_affine(sample["crop_to_image"], keypoints[..., :2])
        np.testing.assert_allclose(back, expected[..., :2], rtol=0, atol=0.01)
        np.testing.assert_array_equal(keypoints[..., 2], expected[..., 2])
        out = (keypoints[..., :2] < 0) | (keypoints[..., :2] > 512)
        outside += (out.any(-1) & (keypoints[..., 2] > 0)).sum()
    assert kinds == {True, False} and outside > 10


def test_masks_agree_with_the_annotations(real_data_root):
    """Each pixel of the input says what pycocotools' own mask says at its place in the image."""
    json_file = real_data_root / "coco/annotations/person_keypoints_train2017.json"
    coco = COCO(str(json_file))
    rows, columns = np.mgrid[:256, :256] + 0.5
    centres = np.stack([columns, rows], axis=-1)
    mapper, covered = make_mapper(), 0
    for record in [r for r in real_records() if r["ignored"]]:
        people = coco.loadAnns(coco.getAnnIds(record["image_id"], iscrowd=None))
        masks = [coco.annToMask(p) for p in people if p["iscrowd"] or not p["num_keypoints"]]
        whole = np.pad(np.maximum.reduce(masks), 1)  # nothing is ignored outside the image
        sample = mapper(record)
        place = apply_affine(sample["crop_to_image"], centres)
        x, y = (np.floor(place).astype(int) + 1).transpose(2, 0, 1)
        height, width = whole.shape
        expected = whole[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)]
        # OpenCV rounds places to fractions of a pixel: a border may fall to its other side.
        assert np.mean(sample["ignore_mask"].numpy() != expected) < 2e-3
        covered += expected.sum()
    assert covered > 10_000


def test_a_box_is_ignored_where_there_is_no_segmentation(tmp_path):
    record = lit_record(tmp_path, (5, 5), [{"id": 9, "bbox": [30, 20, 50, 40]}])
    mask = make_mapper(rotation=0.0, scale_range=(1.0, 1.0))(record)["ignore_mask"]
    assert mask.sum() == pytest.approx(50 * 40 * (256 / 90) ** 2, rel=0.02)
    assert set(mask.unique().tolist()) == {0, 1}
    assert not make_mapper()(lit_record(tmp_path, (5, 5)))["ignore_mask"].any()


def test_evaluated_size(tmp_path):
    record = lit_record(tmp_path, (5, 5))
    sizes = {
        (min_size, max_size): tuple(
            make_mapper(train=False, min_size=min_size, max_size=max_size)(record)["image"].shape
        )
        for min_size, max_size in ((512, 1333), (90, 1333), (200, 240), (50, 60))
    }
    assert sizes == {
        (512, 1333): (3, 512, 683),
        (90, 1333): (3, 90, 120),
        (200, 240): (3, 180, 240),
        (50, 60): (3, 45, 60),
    }


def test_an_evaluated_image_of_the_same_size_is_unchanged(real_data_root):
    record = real_records("val")[0]
    image = cv2.imread(record["file_name"])
    mapper = make_mapper(train=False, image_format="BGR", min_size=min(image.shape[:2]))
    np.testing.assert_array_equal(mapper(record)["image"].permute(1, 2, 0), image)


@pytest.mark.parametrize("name", ["crowdpose_trainval", "coco_keypoints_train"])
def test_loaders(real_data_root, make_cfg, name):
    skeleton = get_skeleton("crowdpose" if "crowd" in name else "coco")
    options = ("DATASETS.TRAIN", (name,), "MODEL.KEYPOINT_HEAD.NUM_KEYPOINTS")
    cfg = make_cfg(*TRAINING, *options, skeleton.num_keypoints, "TEST.BATCH_SIZE", 3)
    batch = next(iter(build_train_loader(cfg)))
    assert len(batch) == 2
    assert all(s["people_keypoints"].shape[1:] == (skeleton.num_keypoints, 3) for s in batch)
    samples = [sample for batch in build_test_loader(cfg, name) for sample in batch]
    assert len(samples) == len(DatasetCatalog.get(name))
    assert all(min(sample["image"].shape[1:]) == 128 for sample in samples)


def test_images_without_people_are_negatives_when_asked(real_data_root, make_cfg):
    images = DatasetCatalog.get("coco_keypoints_train")
    counts = {}
    for filtered in (True, False):
        options = (*TRAINING, "DATALOADER.FILTER_EMPTY_ANNOTATIONS", filtered)
        cfg = make_cfg(*options, "DATASETS.TRAIN", ("coco_keypoints_train",))
        mapper = WholeImageMapper(cfg, is_train=True)
        records = mapper.records(images, "coco_keypoints_train")
        counts[filtered] = len(records)
    assert counts == {True: 36, False: 70}
    (empty,) = [record for record in records if not record["annotation_ids"]][:1]
    sample = mapper(empty)
    assert sample["people_keypoints"].shape == (0, 17, 3) and sample["annotation_ids"] == []


def test_equal_seeds_give_equal_samples_in_other_processes(real_data_root):
    record = real_records()[1]
    mapper = make_mapper()
    other = pickle.loads(pickle.dumps(mapper))
    for key in ("image", "people_keypoints", "ignore_mask"):
        assert torch.equal(mapper(record)[key], other(record)[key])
    assert not np.array_equal(
        make_mapper(seed=2)(record)["crop_to_image"], make_mapper()(record)["crop_to_image"]
    )


def test_config(make_cfg):
    cfg = make_cfg(*TRAINING, "DATASETS.TRAIN", ("coco_keypoints_train",))
    mapper = WholeImageMapper(cfg, is_train=True)
    assert mapper.augmentation.rotation == 30 and mapper.augmentation.translation == 40
    assert mapper.augmentation.scale_range == (0.75, 1.5) and mapper.augmentation.flip_prob == 0.5
    evaluation = WholeImageMapper(cfg, is_train=False)
    assert evaluation.augmentation is None and evaluation.min_size == 128


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("INPUT.FORMAT", "L"), "INPUT.FORMAT is 'L'"),
        (("INPUT.RANDOM_FLIP", "vertical"), "INPUT.RANDOM_FLIP is 'vertical'"),
        (("INPUT.CROP_SIZE", (0, 192)), "INPUT.CROP_SIZE"),
        (("INPUT.MIN_SIZE_TEST", 0), "INPUT.MIN_SIZE_TEST 0 must be above 0"),
        (("INPUT.MAX_SIZE_TEST", 100), "not above INPUT.MAX_SIZE_TEST 100"),
        (("INPUT.SCALE_RANGE", (1.0,)), "INPUT.SCALE_RANGE"),
    ],
)
def test_bad_config(make_cfg, options, sentence):
    cfg = make_cfg(*TRAINING, "DATASETS.TRAIN", ("coco_keypoints_train",), *options)
    with pytest.raises(InputError, match=sentence):
        WholeImageMapper(cfg, is_train=True)


def test_training_needs_people(real_data_root):
    images = [image | {"annotations": []} for image in DatasetCatalog.get("coco_keypoints_val")]
    with pytest.raises(InputError, match="'coco_keypoints_val' has no people to train on"):
        make_mapper(with_empty_images=True).records(images, "coco_keypoints_val")
    assert len(make_mapper(train=False).records(images, "coco_keypoints_val")) == len(images)


def test_the_sample_file_has_both_kinds_of_segmentation(real_data_root):
    """What the mask test walks through."""
    json_file = real_data_root / "coco/annotations/person_keypoints_train2017.json"
    people = json.loads(json_file.read_text())["annotations"]
    ignored = [p["segmentation"] for p in people if p["iscrowd"] or not p["num_keypoints"]]
    assert {type(segmentation) for segmentation in ignored} == {dict, list}
