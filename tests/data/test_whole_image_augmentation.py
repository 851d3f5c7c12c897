import numpy as np
import pytest

from adaanchor_d2.data.affine import CropRegion
from adaanchor_d2.data.whole_image_augmentation import WholeImageAugmentation, whole_image_region
from adaanchor_d2.errors import InputError


@pytest.mark.parametrize(
    ("image_size", "crop_size", "expected"),
    [
        ((480, 640), (512, 512), (320, 240, 480, 480)),
        ((640, 480), (512, 512), (240, 320, 480, 480)),
        ((480, 640), (256, 512), (320, 240, 960, 480)),
    ],
)
def test_the_shorter_side_fills_the_crop(image_size, crop_size, expected):
    assert whole_image_region(image_size, crop_size) == CropRegion(*expected)


@pytest.mark.parametrize(
    ("image_size", "crop_size", "expected"),
    [
        ((480, 640), (512, 512), (320, 240, 640, 640)),
        ((640, 480), (512, 512), (240, 320, 640, 640)),
        ((480, 640), (256, 512), (320, 240, 960, 480)),
        ((200, 640), (256, 512), (320, 100, 640, 320)),
    ],
)
def test_the_longer_side_fits_the_crop(image_size, crop_size, expected):
    assert whole_image_region(image_size, crop_size, "longer") == CropRegion(*expected)


def test_distributions_are_uniform_in_their_ranges():
    augmentation = WholeImageAugmentation(
        flip_prob=0.5, scale_range=(0.75, 1.5), rotation=30.0, translation=40.0
    )
    region, rng = CropRegion(320, 240, 480, 480), np.random.default_rng(0)
    plans = [augmentation(region, (512, 512), rng) for _ in range(4000)]
    scale = np.array([plan.region.width / 480 for plan in plans])
    assert all(plan.region.width == plan.region.height for plan in plans)
    shift = np.array([[p.region.center_x - 320, p.region.center_y - 240] for p in plans])
    shift = shift / (480 * scale / 512)[:, None]  # image pixels -> pixels of the crop
    rotation = np.array([plan.rotation for plan in plans])
    for values, low, high in ((scale, 0.75, 1.5), (shift, -40, 40), (rotation, -30, 30)):
        assert values.min() >= low - 1e-9 and values.max() <= high + 1e-9
        middle, spread = (low + high) / 2, high - low
        np.testing.assert_allclose(values.mean(axis=0), middle, atol=0.02 * spread)
        np.testing.assert_allclose(values.std(axis=0), spread / 12**0.5, rtol=0.03)
    assert np.mean([plan.flip for plan in plans]) == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"scale_range": (1.5, 0.75)}, "INPUT.SCALE_RANGE"),
        ({"scale_range": (0.0, 1.0)}, "INPUT.SCALE_RANGE"),
        ({"rotation": -1.0}, "INPUT.ROTATION_FACTOR -1.0"),
        ({"translation": -1.0}, "INPUT.TRANSLATE -1.0"),
    ],
)
def test_bad_ranges(changes, key):
    good = {"flip_prob": 0.5, "scale_range": (1.0, 1.0), "rotation": 0.0, "translation": 0.0}
    with pytest.raises(InputError, match=key):
        WholeImageAugmentation(**(good | changes))
