import cv2
import numpy as np
import pytest
import torch

from adaanchor_d2.data.person_mapper import PersonCropMapper
from adaanchor_d2.data.stress import StressMapper
from adaanchor_d2.errors import InputError


@pytest.fixture
def record(tmp_path) -> dict:
    """A person in a picture of noise; keypoint 2 is not labelled."""
    picture = np.random.default_rng(0).integers(30, 256, (90, 120, 3), dtype=np.uint8)
    cv2.imwrite(str(tmp_path / "1.png"), picture)
    keypoints = [(40, 20, 2), (53, 41, 1), (0, 0, 0), (60, 70, 2)]
    return {
        "file_name": str(tmp_path / "1.png"),
        "image_id": 1,
        "annotation_id": 5,
        "bbox": (30.0, 10.0, 70.0, 80.0),
        "box_score": 1.0,
        "area": 900.0,
        "keypoints": np.array(keypoints, np.float32),
    }


def plain_mapper(image_format: str = "RGB", crop_size=(64, 48)) -> PersonCropMapper:
    return PersonCropMapper(crop_size=crop_size, box_padding=1.25, image_format=image_format)


def stress_mapper(kind: str, fraction: float, seed: int = 0, image_format="RGB", **options):
    mapper = plain_mapper(image_format, **options)
    return StressMapper(mapper, kind=kind, fraction=fraction, seed=seed, image_format=image_format)


@pytest.mark.parametrize("kind", ["occluder", "truncation"])
def test_nothing_hidden_is_the_sample_itself(record, kind):
    plain, sample = plain_mapper()(record), stress_mapper(kind, 0.0)(record)
    assert torch.equal(plain["image"], sample["image"])
    assert torch.equal(plain["keypoints"], sample["keypoints"])
    assert not sample["hidden"].any() and sample["hidden_fraction"] == 0


@pytest.mark.parametrize("kind", ["occluder", "truncation"])
def test_the_same_person_is_hidden_alike_whatever_came_before(record, kind):
    other = {**record, "annotation_id": 6}
    mapper = stress_mapper(kind, 0.4)
    mapper(other)
    after = mapper(record)
    alone = stress_mapper(kind, 0.4)(record)
    assert torch.equal(after["image"], alone["image"])
    np.testing.assert_array_equal(after["hidden"], alone["hidden"])
    others = [stress_mapper(kind, 0.4, seed)(record)["image"] for seed in range(1, 5)]
    assert not all(torch.equal(alone["image"], image) for image in others)
    people = [mapper({**record, "annotation_id": number})["image"] for number in range(6, 10)]
    assert not all(torch.equal(alone["image"], image) for image in people)


def test_occluders_keep_the_crop_and_the_order_of_its_channels(record):
    rgb, bgr = (stress_mapper("occluder", 0.5, image_format=f)(record) for f in ("RGB", "BGR"))
    assert torch.equal(rgb["image"], bgr["image"].flip(0))
    plain = plain_mapper()(record)
    assert torch.equal(rgb["keypoints"], plain["keypoints"])
    np.testing.assert_array_equal(rgb["crop_to_image"], plain["crop_to_image"])
    changed = (rgb["image"] != plain["image"]).any(dim=0).float().mean()
    assert 0.1 < changed < 0.6
    assert rgb["hidden_fraction"] == pytest.approx(0.5, abs=0.02)


def test_inputs_of_other_sizes_have_the_same_keypoints_hidden(record):
    small, large = (
        stress_mapper("occluder", 0.5, crop_size=size)(record) for size in ((64, 48), (128, 96))
    )
    np.testing.assert_array_equal(small["hidden"], large["hidden"])


def test_a_cut_off_person_is_cropped_by_what_is_left(record):
    for seed in range(8):
        sample = stress_mapper("truncation", 0.5, seed)(record)
        xy, hidden = record["keypoints"][:, :2], sample["hidden"]
        back = sample["keypoints"][:, :2].numpy() @ sample["crop_to_image"][:, :2].T
        np.testing.assert_allclose(back + sample["crop_to_image"][:, 2], xy, atol=1e-3)
        x1, y1, x2, y2 = sample["person_box"]
        assert (x2 - x1) * (y2 - y1) == pytest.approx(0.5 * 40 * 70)
        labelled = record["keypoints"][:, 2] > 0
        left = ((xy >= (x1, y1)) & (xy < (x2, y2))).all(axis=1)
        np.testing.assert_array_equal(hidden[labelled], ~left[labelled])
        for (x, y, v), is_hidden in zip(sample["keypoints"].int(), hidden, strict=True):
            if v > 0 and 0 <= x < 48 and 0 <= y < 64:
                assert bool((sample["image"][:, y, x] == 0).all()) == is_hidden


def test_impossible_wishes_are_refused(record):
    for changes, sentence in (
        ({"kind": "fog"}, "Stress 'fog' is unknown; known are occluder, truncation."),
        ({"fraction": 1.0}, "fraction to hide is 1, but must be from 0 to 0.95"),
        ({"fraction": -0.1}, "fraction to hide is -0.1"),
        ({"fraction": float("nan")}, "fraction to hide is nan"),
        ({"seed": -1}, "seed of a stress test is -1"),
    ):
        options = {"kind": "occluder", "fraction": 0.5, "seed": 0} | changes
        with pytest.raises(InputError, match=sentence):
            StressMapper(plain_mapper(), **options, image_format="RGB")
