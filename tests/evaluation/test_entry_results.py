"""Predictions of one person an entry, written by an evaluator and read again."""

import json

import numpy as np
import pytest
from helpers.entry_sets import write_wflw

from adaanchor_d2.data.datasets.wflw import TO_CONTINUOUS
from adaanchor_d2.errors import InputError
from adaanchor_d2.evaluation import WflwEvaluator
from adaanchor_d2.evaluation.entry_results import read_entry_results

from .entry_cases import predict, predicted_xy


def test_what_the_evaluator_wrote_is_read(tmp_path, monkeypatch):
    monkeypatch.setenv("DETECTRON2_DATASETS", str(tmp_path))
    write_wflw(tmp_path / "wflw")
    evaluator = WflwEvaluator(
        dataset_name="wflw_test", output_dir=str(tmp_path), person_boxes="ground_truth"
    )
    pairs = predict("wflw_test")
    evaluator.reset()
    for sample, output in pairs:
        evaluator.process([sample], [output])
    evaluator.evaluate()
    found = read_entry_results(str(tmp_path / "keypoint_predictions.json"), 98, TO_CONTINUOUS)
    assert found["annotation_id"].tolist() == [1, 2, 3, 4, 5]
    np.testing.assert_allclose(found["keypoints"][..., :2], predicted_xy(pairs), atol=1e-5)


@pytest.mark.parametrize(
    "content",
    [
        [],
        {"a": 1},
        [{"annotation_id": 1}],
        [{"annotation_id": "1", "keypoints": [[1, 2, 3]]}],
        [{"annotation_id": 1, "keypoints": [[1, 2]]}],
        [{"annotation_id": 1, "keypoints": [[1, 2, float("nan")]]}],
        [{"annotation_id": 1, "keypoints": [[1, 2, 3], [1, 2, 3]]}],
    ],
)
def test_a_file_of_another_kind_is_named(tmp_path, content):
    path = tmp_path / "results.json"
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=str(path)):
        read_entry_results(str(path), 1, 0.5)
