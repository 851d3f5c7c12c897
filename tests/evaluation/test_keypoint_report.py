"""Figures of single keypoints, as the evaluator of single-person models gives them."""

import logging

import numpy as np
import pytest
import torch

from adaanchor_d2.evaluation.metrics import (
    auroc,
    expected_calibration_error,
    precision_recall,
    visibility_errors,
)

from .cases import (
    COCO_SIGMAS,
    ground_truth_pairs,
    image_keypoints,
    make_evaluator,
    make_pair,
    noisy_keypoints,
    process,
    read_people,
)


def test_visibility_is_measured_in_crop_pixels(small_set):
    people = read_people(small_set)
    pairs, pred, gt = [], [], []
    for annotation in people:
        keypoints = image_keypoints(annotation)
        gt.append(keypoints.copy())
        keypoints[:, 0] += 3.0  # image pixels: 6 in the crop
        keypoints[keypoints[:, 2] == 1, 0] += 1.0  # hidden ones: 8 in the crop
        keypoints[:, 2] = np.where(gt[-1][:, 2] == 2, 0.75, 0.25)
        pred.append(keypoints)
        pairs.append(make_pair(annotation, keypoints))
    evaluator = make_evaluator(small_set)
    process(evaluator, pairs)
    visibility = evaluator.evaluate()["visibility"]
    flags = np.stack(gt)[..., 2]
    assert visibility == pytest.approx(
        {
            "VisError": 6.0,
            "VisRMSE": 6.0,
            "VisScore": 0.75,
            "VisCount": int((flags == 2).sum()),
            "InvError": 8.0,
            "InvRMSE": 8.0,
            "InvScore": 0.25,
            "InvCount": int((flags == 1).sum()),
        },
        abs=1e-4,
    )


def test_visibility_with_a_rotated_crop(small_set):
    annotation = read_people(small_set)[0]
    keypoints = noisy_keypoints(annotation, np.random.default_rng(0))
    sample, output = make_pair(annotation, keypoints)
    image_to_crop = np.array([[1.2, 0.5, -3.0], [-0.5, 1.2, 40.0]])
    inverse = np.linalg.inv(np.vstack([image_to_crop, [0, 0, 1]]))[:2]
    gt = image_keypoints(annotation)
    gt[:, :2] = gt[:, :2] @ image_to_crop[:, :2].T + image_to_crop[:, 2]
    sample |= {"crop_to_image": inverse, "keypoints": torch.tensor(gt, dtype=torch.float32)}
    evaluator = make_evaluator(small_set)
    process(evaluator, [(sample, output)])
    pred = keypoints.copy()
    pred[:, :2] = pred[:, :2] @ image_to_crop[:, :2].T + image_to_crop[:, 2]
    expected = visibility_errors(pred[None], gt[None])
    assert evaluator.evaluate()["visibility"] == pytest.approx(expected, abs=1e-3)


def test_confidence_figures_count_a_similarity_of_one_half_as_correct(small_set):
    rng = np.random.default_rng(4)
    pairs, scores, correct = [], [], []
    for annotation in read_people(small_set):
        gt = image_keypoints(annotation)
        keypoints = noisy_keypoints(annotation, rng)
        pairs.append(make_pair(annotation, keypoints))
        for index in np.flatnonzero(gt[:, 2] > 0):
            squared = ((keypoints[index, :2] - gt[index, :2]) ** 2).sum()
            scale = 2 * annotation["area"] * (2 * COCO_SIGMAS[index]) ** 2
            scores.append(np.float32(keypoints[index, 2]))
            correct.append(np.exp(-squared / scale) >= 0.5)
    evaluator = make_evaluator(small_set, confidence_thresholds=(0.1, 0.5))
    process(evaluator, pairs)
    precision, recall = precision_recall(scores, correct, [0.1, 0.5])
    assert 0.1 < np.mean(correct) < 0.9
    assert evaluator.evaluate()["confidence"] == pytest.approx(
        {
            "Precision@0.1": 100 * precision[0],
            "Precision@0.5": 100 * precision[1],
            "Recall@0.1": 100 * recall[0],
            "Recall@0.5": 100 * recall[1],
            "ECE": expected_calibration_error(scores, correct),
            "AUROC": auroc(scores, correct),
        }
    )


def test_undefined_figures_are_absent_not_nan(small_set, caplog):
    annotation = read_people(small_set)[0]
    keypoints = image_keypoints(annotation)
    keypoints[:, 2] = 0.6
    evaluator = make_evaluator(small_set)
    process(evaluator, [make_pair(annotation, keypoints)])
    results = evaluator.evaluate()
    # All are correct and none reaches 0.9.
    assert "AUROC" not in results["confidence"] and "Precision@0.9" not in results["confidence"]
    assert results["confidence"]["Recall@0.9"] == 0.0
    assert all(np.isfinite(value) for task in results.values() for value in task.values())


def test_a_rule_without_confidence_has_no_scores(small_set, caplog):
    evaluator = make_evaluator(small_set, has_confidence=False)
    pairs = ground_truth_pairs(small_set, np.random.default_rng(0))
    for _, output in pairs:
        output["instances"].pred_keypoints[..., 2] = 1.0
    process(evaluator, pairs)
    with caplog.at_level(logging.INFO):
        results = evaluator.evaluate()
    assert set(results) == {"keypoints", "visibility"}
    expected = {"VisError", "VisRMSE", "VisCount", "InvError", "InvRMSE", "InvCount"}
    assert set(results["visibility"]) == expected
    assert "this rule gives no score" in caplog.text
