import numpy as np
import pytest

from adaanchor_d2.errors import InputError
from adaanchor_d2.evaluation.metrics import nme, pckh, visibility_errors


def test_visibility_errors_by_hand():
    gt = np.array([[[0, 0, 2], [10, 10, 1], [5, 5, 0]], [[1, 1, 2], [2, 2, 1], [3, 3, 1]]], float)
    pred = gt.copy()
    pred[..., 2] = [[0.9, 0.4, 0.1], [0.7, 0.2, 0.6]]
    pred[0, 0, :2] += [3, 4]  # distance 5
    pred[0, 1, :2] += [0, 2]  # distance 2
    pred[0, 2, :2] += 1000  # not labelled
    pred[1, 2, :2] += [4, 0]  # distance 4; pred[1, 0] and pred[1, 1] are exact
    pred_before, gt_before = pred.copy(), gt.copy()
    metrics = visibility_errors(pred, gt)
    assert metrics == pytest.approx(
        {
            "VisError": 5 / 2,
            "VisRMSE": np.sqrt(25 / 2),
            "VisScore": 0.8,
            "VisCount": 2,
            "InvError": 6 / 3,
            "InvRMSE": np.sqrt(20 / 3),
            "InvScore": 0.4,
            "InvCount": 3,
        }
    )
    assert np.array_equal(pred, pred_before) and np.array_equal(gt, gt_before)


def test_visibility_errors_leave_out_what_has_no_data():
    gt = np.array([[[0, 0, 2], [1, 1, 0]]], float)
    metrics = visibility_errors(gt, gt)
    assert set(metrics) == {"VisError", "VisRMSE", "VisScore", "VisCount"}
    assert "VisScore" not in visibility_errors(gt, gt, has_confidence=False)
    assert visibility_errors(np.zeros((0, 17, 3)), np.zeros((0, 17, 3))) == {}


def test_visibility_errors_refuse_other_shapes():
    with pytest.raises(ValueError, match=r"\(1, 2, 3\).*\(2, 2, 3\)"):
        visibility_errors(np.zeros((1, 2, 3)), np.zeros((2, 2, 3)))


def slow_pckh(pred, gt, labelled, head_size, thresholds, exclude):
    num_people, num_joints = labelled.shape
    per_joint = np.full((len(thresholds), num_joints), np.nan)
    mean = np.zeros(len(thresholds))
    for row, threshold in enumerate(thresholds):
        weighted, weights = 0.0, 0
        for joint in range(num_joints):
            right = count = 0
            for person in range(num_people):
                if labelled[person, joint]:
                    count += 1
                    dx, dy = pred[person, joint] - gt[person, joint]
                    right += (dx * dx + dy * dy) ** 0.5 / head_size[person] <= threshold
            if count:
                per_joint[row, joint] = 100 * right / count
                if joint not in exclude:
                    weighted += count * per_joint[row, joint]
                    weights += count
        mean[row] = weighted / weights
    return per_joint, mean


@pytest.mark.parametrize("exclude", [(6, 7), (), (0, 15)])
def test_pckh_equals_slow_loops(exclude):
    rng = np.random.default_rng(0)
    gt = rng.uniform(0, 200, (30, 16, 2))
    pred = gt + rng.normal(0, 10, gt.shape)
    labelled = rng.uniform(size=(30, 16)) < 0.8
    labelled[:, 3] = False
    gt[~labelled] = np.nan
    head_size = rng.uniform(20, 60, 30)
    thresholds = np.array([0.1, 0.11, 0.5])
    arguments = (pred, gt, labelled, head_size, thresholds)
    copies = [argument.copy() for argument in arguments]
    result = pckh(*arguments, exclude=exclude)
    per_joint, mean = slow_pckh(*arguments, exclude)
    np.testing.assert_allclose(result["per_joint"], per_joint, atol=1e-9)
    np.testing.assert_allclose(result["mean"], mean, atol=1e-9)
    assert np.isnan(result["per_joint"][:, 3]).all()
    for argument, copy in zip(arguments, copies, strict=True):
        np.testing.assert_array_equal(argument, copy)


def test_pckh_counts_a_distance_equal_to_the_threshold():
    gt = np.zeros((1, 8, 2))
    pred = gt + [3.0, 4.0]
    result = pckh(pred, gt, np.ones((1, 8)), np.array([10.0]), [0.5, 0.49])
    assert result["mean"].tolist() == [100.0, 0.0]


@pytest.mark.parametrize("size", [0.0, -1.0, np.nan, np.inf])
def test_pckh_names_the_sample_with_a_bad_head_size(size):
    points = np.zeros((3, 16, 2))
    with pytest.raises(InputError, match="head size of sample 2"):
        pckh(points, points, np.ones((3, 16)), np.array([1.0, 2.0, size]), [0.5])


@pytest.mark.parametrize("pair", [(60, 72), (0, 3)])
def test_nme_equals_slow_loops(pair):
    rng = np.random.default_rng(1)
    gt = rng.uniform(0, 256, (5, 98, 2))
    pred = gt + rng.normal(0, 3, gt.shape)
    gt_before, pred_before = gt.copy(), pred.copy()
    expected = []
    for face in range(5):
        total = 0.0
        for point in range(98):
            dx, dy = pred[face, point] - gt[face, point]
            total += (dx * dx + dy * dy) ** 0.5
        dx, dy = gt[face, pair[0]] - gt[face, pair[1]]
        expected.append(total / 98 / (dx * dx + dy * dy) ** 0.5)
    np.testing.assert_allclose(nme(pred, gt, normalizer_pair=pair), expected, rtol=1e-12)
    assert np.array_equal(gt, gt_before) and np.array_equal(pred, pred_before)


def test_nme_names_the_sample_with_no_eye_distance():
    gt = np.random.default_rng(2).uniform(0, 256, (4, 98, 2))
    gt[3, 60] = gt[3, 72]
    with pytest.raises(InputError, match="points 60 and 72 of sample 3 is 0.0"):
        nme(gt, gt)
