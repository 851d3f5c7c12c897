import numpy as np
import pytest

from adaanchor_d2.data.affine import (
    CropRegion,
    apply_affine,
    box_to_region,
    crop_affines,
    warp_image,
)

CROP_SIZE = (64, 48)


def test_region_has_the_aspect_ratio_then_the_padding():
    wide = box_to_region((10, 20, 110, 60), 0.75, 1.25)
    assert wide == pytest.approx((60, 40, 125, 125 / 0.75))
    tall = box_to_region((10, 20, 20, 100), 0.75, 1.25)
    assert tall == pytest.approx((15, 60, 75, 100))


def test_region_corners_fill_the_crop():
    region = CropRegion(50.25, 40.5, 30.0, 40.0)
    to_crop, _ = crop_affines(region, CROP_SIZE)
    corners = np.array([[35.25, 20.5], [65.25, 60.5], [50.25, 40.5]])
    np.testing.assert_allclose(
        apply_affine(to_crop, corners), [[0, 0], [48, 64], [24, 32]], atol=1e-12
    )


def test_flip_and_rotation_by_hand():
    region = CropRegion(100.0, 100.0, 48.0, 64.0)
    point = np.array([[110.0, 100.0]])  # right of the centre
    flipped, _ = crop_affines(region, CROP_SIZE, flip=True)
    np.testing.assert_allclose(apply_affine(flipped, point), [[14, 32]], atol=1e-12)
    turned, _ = crop_affines(region, CROP_SIZE, rotation=90)
    np.testing.assert_allclose(apply_affine(turned, point), [[24, 22]], atol=1e-12)
    both, _ = crop_affines(region, CROP_SIZE, rotation=90, flip=True)
    np.testing.assert_allclose(
        apply_affine(both, np.array([[110.0, 107.0]])), [[48 - 31, 22]], atol=1e-12
    )


def test_inverse_is_exact_at_fractional_positions():
    rng = np.random.default_rng(0)
    for _ in range(200):
        width = rng.uniform(5, 900)
        region = CropRegion(*rng.uniform(-100, 700, 2), width, width / 0.75)
        to_crop, to_image = crop_affines(
            region, (256, 192), rng.uniform(-180, 180), rng.random() < 0.5
        )
        points = rng.uniform(-1000, 1000, (50, 2))
        back = apply_affine(to_image, apply_affine(to_crop, points))
        np.testing.assert_allclose(back, points, rtol=0, atol=1e-9)


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("rotation", [0.0, 37.0, -75.0])
@pytest.mark.parametrize("width", [9.0, 11.7])
def test_a_lit_pixel_lands_where_its_centre_does(width, rotation, flip):
    image = np.zeros((40, 50, 3), np.uint8)
    image[17, 23] = 255
    region = CropRegion(24.2, 18.1, width, width / 0.75)
    to_crop, to_image = crop_affines(region, CROP_SIZE, rotation, flip)
    crop = warp_image(image, to_image, CROP_SIZE)
    expected = apply_affine(to_crop, np.array([23.5, 17.5]))
    assert crop.shape == (64, 48, 3)
    np.testing.assert_allclose(_centre_of_light(crop), expected, atol=0.1)


def test_an_unscaled_crop_is_the_image_itself():
    image = np.random.default_rng(0).integers(0, 255, (80, 70, 3), dtype=np.uint8)
    _, to_image = crop_affines(CropRegion(34.0, 42.0, 48.0, 64.0), CROP_SIZE)
    np.testing.assert_array_equal(warp_image(image, to_image, CROP_SIZE), image[10:74, 10:58])
    _, to_image = crop_affines(CropRegion(34.0, 42.0, 48.0, 64.0), CROP_SIZE, flip=True)
    np.testing.assert_array_equal(
        warp_image(image, to_image, CROP_SIZE), image[10:74, 10:58][:, ::-1]
    )


def test_outside_the_image_is_black():
    image = np.full((80, 70, 3), 200, np.uint8)
    _, to_image = crop_affines(CropRegion(0.0, 40.0, 48.0, 64.0), CROP_SIZE)
    crop = warp_image(image, to_image, CROP_SIZE)
    assert (crop[:, :24] == 0).all() and (crop[:, 24:] == 200).all()


def _centre_of_light(crop: np.ndarray) -> np.ndarray:
    """Centre of mass of the brightness, continuous (x, y)."""
    light = crop[..., 0].astype(float)
    y, x = np.mgrid[: light.shape[0], : light.shape[1]] + 0.5
    return np.array([(light * x).sum(), (light * y).sum()]) / light.sum()
