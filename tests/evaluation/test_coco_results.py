import json

import numpy as np
import pytest
import torch

from adaanchor_d2.errors import InputError
from adaanchor_d2.evaluation.coco_results import (
    read_coco_results,
    rescore_people,
    to_coco_results,
    write_coco_results,
)


def test_rescoring_by_hand():
    box_scores = np.array([1.0, 0.5, 0.8, 0.9])
    keypoint_scores = np.array([[0.9, 0.1, 0.5], [0.2, 0.2, 0.4], [0.1, 0.2, 0.0], [1.0, 1.0, 1.0]])
    scores = rescore_people(box_scores, keypoint_scores, 0.2)
    # A score equal to the threshold does not count.
    np.testing.assert_allclose(scores, [0.7, 0.2, 0.0, 0.9])


def make_predictions():
    keypoints = np.array([[[10.5, 20.5, 0.9], [30.5, 60.5, 0.4]], [[1.0, 2.0, 0.3], [1.0, 5.0, 1]]])
    return {"image_id": np.array([7, 5]), "keypoints": keypoints}


def test_results_lose_the_half_pixel_and_leave_the_predictions_alone():
    predictions = make_predictions()
    results = to_coco_results(predictions, np.array([0.25, 0.75]))
    assert results == [
        {
            "image_id": 7,
            "category_id": 1,
            "keypoints": [10.0, 20.0, 0.9, 30.0, 60.0, 0.4],
            "score": 0.25,
            "area": 800.0,
            "num_keypoints": 2,
        },
        {
            "image_id": 5,
            "category_id": 1,
            "keypoints": [0.5, 1.5, 0.3, 0.5, 4.5, 1.0],
            "score": 0.75,
            "area": 0.0,
            "num_keypoints": 2,
        },
    ]
    np.testing.assert_array_equal(predictions["keypoints"], make_predictions()["keypoints"])


@pytest.mark.parametrize("empty", [False, True])
def test_written_files_hold_the_results(tmp_path, empty):
    results = [] if empty else to_coco_results(make_predictions(), np.array([0.25, 0.75]))
    write_coco_results(results, str(tmp_path / "new" / "inference"))
    text = (tmp_path / "new" / "inference" / "coco_instances_results.json").read_text()
    assert json.loads(text) == results
    assert "\n" not in text
    path = tmp_path / "new" / "inference" / "instances_predictions.pth"
    content = torch.load(path, weights_only=True)
    assert content == [{"image_id": r["image_id"], "instances": [r]} for r in results]


def test_what_is_written_is_read(tmp_path):
    predictions = make_predictions()
    scores = np.array([0.25, 0.75])
    write_coco_results(to_coco_results(predictions, scores), str(tmp_path))
    people = read_coco_results(str(tmp_path / "coco_instances_results.json"), 2)
    assert people["image_id"].tolist() == [7, 5]
    np.testing.assert_allclose(people["keypoints"], predictions["keypoints"])
    np.testing.assert_allclose(people["score"], scores)


def make_full_predictions():
    rng = np.random.default_rng(0)
    return {
        **make_predictions(),
        "anchors": rng.uniform(0, 90, (2, 2, 2)),
        "spread": rng.uniform(0, 9, (2, 2)),
    }


def test_anchors_lose_the_half_pixel_and_spread_does_not():
    predictions = make_full_predictions()
    anchors = predictions["anchors"][1].ravel()
    result = to_coco_results(predictions, np.array([0.25, 0.75]))[1]
    np.testing.assert_allclose(result["keypoint_anchors"], anchors - 0.5, atol=1e-6)
    np.testing.assert_allclose(result["keypoint_spread"], predictions["spread"][1], atol=1e-6)


def test_anchors_and_spread_are_read_where_all_entries_have_them(tmp_path):
    predictions = make_full_predictions()
    results = to_coco_results(predictions, np.array([0.25, 0.75]))
    del results[1]["keypoint_spread"]
    write_coco_results(results, str(tmp_path))
    people = read_coco_results(str(tmp_path / "coco_instances_results.json"), 2)
    np.testing.assert_allclose(people["anchors"], predictions["anchors"], atol=1e-6)
    assert "spread" not in people


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("keypoint_anchors", [1, 2], "has keypoint_anchors that are not a list of 4 numbers"),
        ("keypoint_spread", [1, "2"], "has keypoint_spread that are not finite numbers"),
        ("score", None, "has a score that is not a finite number"),
    ],
)
def test_what_is_no_number_is_refused(tmp_path, field, value, sentence):
    results = to_coco_results(make_full_predictions(), np.array([0.25, 0.75]))
    results[1][field] = value
    write_coco_results(results, str(tmp_path))
    with pytest.raises(InputError, match=f"entry 1 {sentence}"):
        read_coco_results(str(tmp_path / "coco_instances_results.json"), 2)
