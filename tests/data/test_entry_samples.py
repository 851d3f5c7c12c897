"""MPII's and WFLW's people as samples: boxes, sizes, and splits without ground truth."""

import numpy as np
import pytest
from detectron2.data import DatasetCatalog
from helpers.entry_sets import write_mpii, write_wflw

from adaanchor_d2.data import build_test_loader, build_train_loader
from adaanchor_d2.data.affine import apply_affine
from adaanchor_d2.errors import InputError


@pytest.fixture(autouse=True)
def data_root(tmp_path, monkeypatch):
    write_mpii(tmp_path / "mpii")
    write_wflw(tmp_path / "wflw")
    monkeypatch.setenv("DETECTRON2_DATASETS", str(tmp_path))


def make(make_cfg, num_keypoints, *options):
    head = ["MODEL.KEYPOINT_HEAD.NUM_KEYPOINTS", num_keypoints]
    return make_cfg(*head, "INPUT.CROP_SIZE", (64, 64), "SOLVER.IMS_PER_BATCH", 4, *options)


def read_all(loader):
    return [sample for batch in loader for sample in batch]


def test_sizes_are_the_decoded_images(make_cfg):
    for sample in read_all(build_test_loader(make(make_cfg, 16), "mpii_keypoints_val")):
        assert (sample["height"], sample["width"]) == (120, 128)
        assert sample["keypoints"].shape == (16, 3)


def test_split_without_ground_truth_gives_samples_without_keypoints(make_cfg):
    cfg = make(make_cfg, 16)
    unknown = read_all(build_test_loader(cfg, "mpii_keypoints_test"))
    known = read_all(build_test_loader(cfg, "mpii_keypoints_val"))
    assert [s["annotation_id"] for s in unknown] == [1, 2, 3, 4, 5]
    for sample, same in zip(unknown, known, strict=True):
        assert "keypoints" not in sample
        assert (sample["image"] == same["image"]).all()


def test_training_needs_ground_truth(make_cfg):
    with pytest.raises(InputError, match="'mpii_keypoints_test' has no people to use"):
        build_train_loader(make(make_cfg, 16, "DATASETS.TRAIN", ("mpii_keypoints_test",)))


def test_training_batch(make_cfg):
    batch = next(iter(build_train_loader(make(make_cfg, 98, "DATASETS.TRAIN", ("wflw_train",)))))
    assert len(batch) == 4 and all(s["keypoints"].shape == (98, 3) for s in batch)


def test_rectangle_boxes(make_cfg):
    default = read_all(build_test_loader(make(make_cfg, 98), "wflw_test"))
    cfg = make(make_cfg, 98, "INPUT.PERSON_BOXES", "rectangle")
    samples = read_all(build_test_loader(cfg, "wflw_test"))
    assert len(samples) == len(default) == 5
    for sample, other in zip(samples, default, strict=True):
        assert tuple(sample["person_box"]) == (15.5, 18.5, 110.5, 105.5)
        in_image = [
            apply_affine(s["crop_to_image"], s["keypoints"][:, :2].numpy()) for s in (sample, other)
        ]
        np.testing.assert_allclose(*in_image, atol=1e-3)


def test_rectangle_boxes_are_asked_of_data_that_has_none(make_cfg):
    cfg = make(make_cfg, 16, "INPUT.PERSON_BOXES", "rectangle")
    with pytest.raises(InputError, match="PERSON_BOXES is rectangle.*'mpii_keypoints_val' have no"):
        build_test_loader(cfg, "mpii_keypoints_val")


def test_face_box_is_padded_like_hrnets_scale(make_cfg):
    """The crop spans 1.25 times the square around the landmarks."""
    (sample, *_) = read_all(build_test_loader(make(make_cfg, 98), "wflw_test"))
    face = DatasetCatalog.get("wflw_test")[0]["annotations"][0]
    corners = apply_affine(sample["crop_to_image"], np.array([[0.0, 0.0], [64.0, 64.0]]))
    side = 1.25 * face["bbox"][2]
    np.testing.assert_allclose(corners[1] - corners[0], side)
    center = np.array(face["bbox"][:2]) + face["bbox"][2] / 2
    np.testing.assert_allclose(corners.mean(axis=0), center)
