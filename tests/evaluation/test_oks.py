import math

import numpy as np
import pytest

from adaanchor_d2.evaluation.metrics import keypoint_similarity, oks, similarity_radius
from adaanchor_d2.evaluation.oks_nms import oks_nms


def slow_oks(pred, gt, area, sigmas, labelled=None):
    values = []
    for index, sigma in enumerate(sigmas):
        if labelled is None or labelled[index]:
            dx, dy = pred[index] - gt[index]
            values.append(math.exp(-(dx * dx + dy * dy) / (2 * area * (2 * sigma) ** 2)))
    return sum(values) / len(values)


def test_similarity_at_one_k_of_the_scale():
    # d = s k with k = 2 sigma gives exp(-1/2).
    similarity = keypoint_similarity([[3.0, 4.0]], [[0.0, 0.0]], np.array(100.0), [0.25])
    assert similarity == pytest.approx(math.exp(-0.5))


def test_oks_equals_slow_loops():
    rng = np.random.default_rng(0)
    gt = rng.uniform(0, 100, (6, 5, 2))
    pred = gt + rng.normal(0, 5, gt.shape)
    area, sigmas = rng.uniform(100, 9000, 6), rng.uniform(0.02, 0.1, 5)
    labelled = rng.uniform(size=(6, 5)) < 0.6
    labelled[0], labelled[1] = True, False
    arguments = (pred, gt, area, sigmas, labelled)
    copies = [argument.copy() for argument in arguments]
    everything, chosen = oks(pred, gt, area, sigmas), oks(*arguments)
    for person in range(6):
        rest = (pred[person], gt[person], area[person], sigmas)
        assert everything[person] == pytest.approx(slow_oks(*rest), rel=1e-12)
        if person != 1:
            assert chosen[person] == pytest.approx(slow_oks(*rest, labelled[person]), rel=1e-12)
    assert np.isnan(chosen[1])
    for argument, copy in zip(arguments, copies, strict=True):
        np.testing.assert_array_equal(argument, copy)


def slow_nms(keypoints, scores, areas, sigmas, threshold):
    waiting = sorted(range(len(scores)), key=lambda index: -scores[index])
    kept = []
    while waiting:
        best = waiting.pop(0)
        kept.append(best)
        waiting = [
            other
            for other in waiting
            if slow_oks(keypoints[best], keypoints[other], (areas[best] + areas[other]) / 2, sigmas)
            <= threshold
        ]
    return kept


def crowded_people(seed, num_people, num_centers=4):
    """People around a few poses, with coarse scores so that many tie."""
    rng = np.random.default_rng(seed)
    centers = rng.uniform(0, 300, (num_centers, 7, 2))
    keypoints = centers[rng.integers(0, num_centers, num_people)]
    keypoints = keypoints + rng.normal(0, 4, keypoints.shape)
    scores = rng.integers(0, 4, num_people) / 4
    return keypoints, scores, rng.uniform(2000, 20000, num_people), rng.uniform(0.03, 0.1, 7)


@pytest.mark.parametrize("threshold", [0.3, 0.7, 0.9, 1.0])
@pytest.mark.parametrize("num_people", [0, 1, 40])
def test_nms_equals_the_slow_reference(num_people, threshold):
    people = (np.zeros(num_people, dtype=int), *crowded_people(num_people, num_people))
    copies = [argument.copy() for argument in people]
    kept = oks_nms(*people, threshold)
    assert kept.tolist() == sorted(slow_nms(*people[1:], threshold))
    for argument, copy in zip(people, copies, strict=True):
        np.testing.assert_array_equal(argument, copy)


def test_nms_in_several_blocks_is_the_same(monkeypatch):
    people = (np.zeros(50, dtype=int), *crowded_people(3, 50))
    kept = oks_nms(*people, 0.7)
    assert 0 < len(kept) < 50
    monkeypatch.setitem(oks_nms.__globals__, "_BLOCK_SIZE", 3 * 50 * 7)
    assert oks_nms(*people, 0.7).tolist() == kept.tolist()


def test_nms_of_several_images_treats_each_alone():
    keypoints, scores, areas, sigmas = crowded_people(5, 60)
    image_ids = np.random.default_rng(6).integers(10, 15, 60)
    kept = oks_nms(image_ids, keypoints, scores, areas, sigmas, 0.7)
    expected = []
    for image_id in range(10, 15):
        rows = np.flatnonzero(image_ids == image_id)
        alone = slow_nms(keypoints[rows], scores[rows], areas[rows], sigmas, 0.7)
        expected += rows[alone].tolist()
    assert kept.tolist() == sorted(expected)
    assert len(kept) < 60


@pytest.mark.parametrize("similarity", [0.1, 0.5, 0.9])
def test_similarity_at_the_radius(similarity):
    area, sigmas = np.array([400.0, 90000.0]), np.array([0.025, 0.1, 0.2])
    radius = similarity_radius(area, sigmas, similarity)
    assert radius.shape == (2, 3)
    pred = np.stack([radius * 0.6, radius * 0.8], axis=-1)
    found = keypoint_similarity(pred, np.zeros((2, 3, 2)), area, sigmas)
    np.testing.assert_allclose(found, similarity, rtol=1e-12)
