import numpy as np
import pytest
from pycocotools import mask as coco_mask

from adaanchor_d2.data.datasets.segmentation import regions_mask, segmentation_problem

HEIGHT, WIDTH = 6, 8


def expected(rows: slice, columns: slice) -> np.ndarray:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[rows, columns] = 1
    return mask


def test_a_box_covers_whole_pixels():
    mask = regions_mask([(None, [2, 1, 3, 4])], HEIGHT, WIDTH)
    assert mask.dtype == np.uint8
    np.testing.assert_array_equal(mask, expected(slice(1, 5), slice(2, 5)))
    np.testing.assert_array_equal(regions_mask([([], [2, 1, 3, 4])], HEIGHT, WIDTH), mask)


def test_a_polygon_counts_before_the_box():
    polygon = [2, 1, 5, 1, 5, 5, 2, 5]
    mask = regions_mask([([polygon], [0, 0, 8, 6])], HEIGHT, WIDTH)
    np.testing.assert_array_equal(mask, expected(slice(1, 5), slice(2, 5)))


@pytest.mark.parametrize("compressed", [False, True])
def test_run_lengths(compressed):
    wanted = expected(slice(0, 3), slice(5, 8))
    counts = [30, 3, 3, 3, 3, 3, 3]  # down the columns, from zeros on
    runs = {"size": [HEIGHT, WIDTH], "counts": counts}
    if compressed:
        encoded = coco_mask.encode(np.asfortranarray(wanted))
        runs = {"size": [HEIGHT, WIDTH], "counts": encoded["counts"].decode()}
    assert segmentation_problem(runs, HEIGHT, WIDTH) is None
    np.testing.assert_array_equal(regions_mask([(runs, [0, 0, 1, 1])], HEIGHT, WIDTH), wanted)


def test_regions_are_joined():
    regions = [(None, [0, 0, 2, 2]), ([[1, 1, 4, 1, 4, 3, 1, 3]], [0, 0, 1, 1])]
    mask = regions_mask(regions, HEIGHT, WIDTH)
    first, second = expected(slice(0, 2), slice(0, 2)), expected(slice(1, 3), slice(1, 4))
    np.testing.assert_array_equal(mask, first | second)
    assert not regions_mask([], HEIGHT, WIDTH).any()


@pytest.mark.parametrize(
    ("segmentation", "problem"),
    [
        ([[1, 2, 3, 4]], "polygons"),
        ([[1, 2, 3, 4, 5, 6, 7]], "polygons"),
        ([[1, 2, 3, 4, 5, "6"]], "polygons"),
        ([[1, 2, 3, 4, 5, float("nan")]], "polygons"),
        ("runs", "neither polygons nor run lengths"),
        ({"counts": [48]}, "neither polygons nor run lengths"),
        ({"size": [8, 6], "counts": [48]}, "size [8, 6], not height 6 and width 8"),
        ({"size": 48, "counts": [48]}, "size 48"),
        ({"size": [6, 8], "counts": [40]}, "sum up to 40"),
        ({"size": [6, 8], "counts": [50, -2]}, "whole numbers from 0 on"),
        ({"size": [6, 8], "counts": ""}, "empty counts"),
        ({"size": [6, 8], "counts": 48}, "whole numbers from 0 on"),
    ],
)
def test_what_cannot_be_read_is_told(segmentation, problem):
    assert problem in segmentation_problem(segmentation, HEIGHT, WIDTH)


@pytest.mark.parametrize("segmentation", [None, [], [[1, 2, 3, 4, 5, 6]]])
def test_what_can_be_read(segmentation):
    assert segmentation_problem(segmentation, HEIGHT, WIDTH) is None
