"""The recorded place brings our decoding to where the original project finds a keypoint."""

import functools

import numpy as np
import pytest
import torch
from detectron2.layers import ShapeSpec
from helpers.original_grids import STRIDE, FaceCrop, WarpedByIndex, WholeImage, gaussian

from adaanchor_d2.data.affine import apply_affine, box_to_region, crop_affines
from adaanchor_d2.modeling.anchors.geometry import index_to_xy
from adaanchor_d2.modeling.heads import HeatmapHead
from adaanchor_d2.weights import FAMILIES

EMBEDDINGS = [family for family in FAMILIES if family.meta_architecture == "BottomUpPose"]
CENTERS = [family for family in FAMILIES if family.meta_architecture == "CenterPose"]
INDEXED = [
    family
    for family in FAMILIES
    if family.name != "hrnet-face" and family not in (*EMBEDDINGS, *CENTERS)
]
(FACE,) = (family for family in FAMILIES if family.name == "hrnet-face")


@functools.cache
def head_with(place: float, stride: int = STRIDE) -> HeatmapHead:
    head = HeatmapHead(input_shape=ShapeSpec(channels=1, stride=stride), num_keypoints=1)
    head.load_state_dict({**head.state_dict(), "place": torch.tensor(place)})
    return head


def our_crop_place(heatmap: np.ndarray, place: float, stride: int = STRIDE) -> np.ndarray:
    """What our decoding finds, in continuous crop pixels."""
    return (
        head_with(place, stride)
        .inference(torch.from_numpy(heatmap)[None, None])
        .xy[0, 0, 0]
        .numpy()
    )


def drawn_heatmaps(original, rng, count: int):
    """Yield heatmaps of their size: targets of points in the crop, and peaks between cells."""
    width, height = (side // STRIDE for side in original.crop_size)
    for _ in range(count):
        crop_point = rng.uniform(3, [width - 4, height - 4]) * STRIDE
        point = apply_affine(original.crop_to_image(), crop_point) - 0.5
        yield gaussian(original.target_centre(point), (width, height))
        yield gaussian(original.to_heatmap(point), (width, height))


def disagreement(original, heatmap, place: float) -> np.ndarray:
    """Our result through the original's crop minus the original's, image pixels."""
    found = apply_affine(original.crop_to_image(), our_crop_place(heatmap, place)) - 0.5
    return found - original.decode(heatmap)


def random_region(rng) -> tuple:
    return (*rng.uniform(400, 900, 2), rng.uniform(60, 500))


@pytest.mark.parametrize("family", INDEXED, ids=lambda family: family.title)
def test_indexed_grids_decode_to_the_originals_coordinates(family):
    rng = np.random.default_rng(0)
    for _ in range(10):
        original = WarpedByIndex(random_region(rng))
        for heatmap in drawn_heatmaps(original, rng, 5):
            assert np.abs(disagreement(original, heatmap, family.place)).max() < 0.05


@pytest.mark.parametrize("family", INDEXED, ids=lambda family: family.title)
def test_indexed_grids_need_nothing_of_the_originals_crop(family):
    """A point on the original's grid of *our* crop comes back, whatever crop the original cuts."""
    _, crop_to_image = crop_affines(box_to_region((30, 50, 130, 170), 192 / 256, 1.25), (256, 192))
    for index in ((5, 9), (30, 50)):
        shown_at = np.array(index) * STRIDE + 0.5  # pixel index 4 j
        found = our_crop_place(gaussian(index, (48, 64)), family.place)
        error = apply_affine(crop_to_image, found) - apply_affine(crop_to_image, shown_at)
        assert np.abs(error).max() < 0.05


@pytest.mark.parametrize("region", [(600.5, 512.5, 256.0), (500.0, 640.0, 128.0)])
def test_face_grid_where_truncation_is_at_its_mean(region):
    rng = np.random.default_rng(1)
    for heatmap in drawn_heatmaps(FaceCrop(region), rng, 10):
        assert np.abs(disagreement(FaceCrop(region), heatmap, FACE.place)).max() < 0.05


def test_face_grid_on_average_over_truncations():
    rng = np.random.default_rng(2)
    errors = []
    for _ in range(600):
        original = FaceCrop(random_region(rng))
        errors += [disagreement(original, h, FACE.place) for h in drawn_heatmaps(original, rng, 1)]
    assert np.abs(np.mean(errors, axis=0)).max() < 0.05
    assert np.abs(errors).max() < 1.0  # one truncation at either end of the slice


def embedding_grids():
    """(family, place, stride) of every heatmap of the Associative Embedding families."""
    for family in EMBEDDINGS:
        yield pytest.param(family.place, 4, id=family.title)
        if family.head_place is not None:
            yield pytest.param(family.head_place, 2, id=f"{family.title}, fine")


@pytest.mark.parametrize(("place", "stride"), list(embedding_grids()))
def test_embedding_grids_find_what_they_were_trained_with(place, stride):
    """On average over a cell; and within half a pixel of what the original decodes."""
    rng = np.random.default_rng(3)
    original = WholeImage(stride)
    errors = []
    for point in rng.uniform(30, 98, (1000, 2)):
        heatmap = original.target(point)
        found = our_crop_place(heatmap, place, stride) - 0.5
        errors.append(found - point)
        assert np.abs(found - original.decode(heatmap)).max() <= 0.5
    assert np.abs(np.mean(errors, axis=0)).max() < 0.1


@pytest.mark.parametrize("family", CENTERS, ids=lambda family: family.title)
def test_poses_end_where_the_original_decodes_them(family):
    """An offset target of the original, added to our candidate, ends at the original's pixel."""
    width, keypoint = 32, np.array([50.3, 71.9])
    for column, row in ((3, 9), (15, 20)):
        offset = keypoint / STRIDE - (column, row)
        index = torch.tensor(row * width + column)
        candidate = index_to_xy(index, width, family.place, dtype=torch.float64).numpy()
        found = (candidate + offset) * STRIDE - 0.5
        np.testing.assert_allclose(found, keypoint, atol=1e-5)


@pytest.mark.parametrize("family", CENTERS, ids=lambda family: family.title)
def test_keypoint_heatmaps_of_poses_peak_at_a_quarter_of_the_index(family):
    for point in ((40.0, 64.0), (41.0, 66.0)):
        heatmap = gaussian(np.array(point) / STRIDE, (32, 32))
        found = our_crop_place(heatmap, family.place) - 0.5
        assert np.abs(found - point).max() <= 1.0
    assert (
        np.abs(our_crop_place(gaussian((10, 16), (32, 32)), family.place) - 0.5 - (40, 64)).max()
        == 0
    )
