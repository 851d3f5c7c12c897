import numpy as np
import pytest

from adaanchor_d2.evaluation.metrics import keypoint_recall


def slow_recall(pred, gt, limits=None):
    """The appendix's loop, literally."""
    matched = total = 0
    for image, points in enumerate(gt):
        total += len(points)
        free = set(range(len(points)))
        for x, y, _, kind in sorted(pred[image].tolist(), key=lambda detection: -detection[2]):
            best, best_distance = None, float("inf")
            for index in sorted(free):
                distance = ((x - points[index][0]) ** 2 + (y - points[index][1]) ** 2) ** 0.5
                within = limits is None or distance <= limits[image][index]
                if points[index][2] == kind and within and distance < best_distance:
                    best, best_distance = index, distance
            if best is not None:
                free.remove(best)
                matched += 1
    return matched, total


def random_images(seed, num_images=12):
    rng = np.random.default_rng(seed)
    pred, gt, limits = [], [], []
    for _ in range(num_images):
        num_pred, num_gt = rng.integers(0, 30, 2)
        kinds = rng.integers(0, 4, num_pred)
        scores = rng.uniform(size=num_pred).round(1)
        pred.append(np.column_stack([rng.uniform(0, 40, (num_pred, 2)), scores, kinds]))
        gt.append(np.column_stack([rng.uniform(0, 40, (num_gt, 2)), rng.integers(0, 5, num_gt)]))
        limits.append(rng.uniform(0, 15, num_gt))
    return pred, gt, limits


@pytest.mark.parametrize("seed", range(5))
def test_recall_equals_the_slow_loop(seed):
    pred, gt, limits = random_images(seed)
    copies = [[array.copy() for array in arrays] for arrays in (pred, gt, limits)]
    assert keypoint_recall(pred, gt) == slow_recall(pred, gt)
    assert keypoint_recall(pred, gt, limits) == slow_recall(pred, gt, limits)
    for arrays, before in zip((pred, gt, limits), copies, strict=True):
        for array, copy in zip(arrays, before, strict=True):
            np.testing.assert_array_equal(array, copy)


def test_better_detection_takes_the_shared_keypoint():
    gt = [np.array([[0.0, 0.0, 1.0], [5.0, 0.0, 1.0]])]
    pred = [np.array([[1.0, 0.0, 0.3, 1.0], [2.0, 0.0, 0.9, 1.0]])]
    # The 0.9 takes the point at 0; then the 0.3 can only reach the one at 5, 4 px away.
    assert keypoint_recall(pred, gt, [np.array([3.0, 3.0])]) == (1, 2)
    assert keypoint_recall(pred, gt, [np.array([3.0, 4.0])]) == (2, 2)


def test_recall_without_detections_or_keypoints():
    assert keypoint_recall([[]], [[[1.0, 1.0, 0.0]]]) == (0, 1)
    assert keypoint_recall([[[1.0, 1.0, 0.5, 0.0]]], [[]]) == (0, 0)
    assert keypoint_recall([], []) == (0, 0)


def test_recall_refuses_lists_of_different_length():
    with pytest.raises(ValueError):
        keypoint_recall([np.zeros((0, 4))], [])


def test_recall_of_more_images_than_are_matched_at_once():
    pred, gt, limits = random_images(9, num_images=600)
    assert keypoint_recall(pred, gt) == slow_recall(pred, gt)
    assert keypoint_recall(pred, gt, limits) == slow_recall(pred, gt, limits)


def test_without_limits_the_recall_only_counts_detections():
    gt = [np.array([[0.0, 0.0, 0.0], [5.0, 0.0, 0.0], [9.0, 9.0, 1.0]])]
    far_away = [np.array([[1e5, 1e5, 0.1, 0.0], [1e5, 1e5, 0.2, 0.0], [1e5, 1e5, 0.3, 0.0]])]
    assert keypoint_recall(far_away, gt) == (2, 3)
    assert keypoint_recall(far_away, gt, [np.full(3, 50.0)]) == (0, 3)
