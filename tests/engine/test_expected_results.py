import pytest

from adaanchor_d2.engine.expected_results import check_expectations, verify_results
from adaanchor_d2.errors import InputError

RESULTS = {"keypoints": {"AP": 71.25, "AR": float("nan")}}


@pytest.mark.parametrize(
    "expected, sentence",
    [
        ([["keypoints", "AP", 70.0, 1.0]], r"missed: keypoints/AP is 71.2500, not 70.0 \+- 1.0\."),
        ([["keypoints", "AP50", 70, 1]], "keypoints/AP50 is absent"),
        ([["bbox", "AP", 70, 1]], "bbox/AP is absent"),
        ([["keypoints", "AR", 70, 1]], "keypoints/AR is absent"),
        ([["keypoints", "AP", 70, 9], ["a", "b", 1, 1], ["c", "d", 1, 1]], "a/b .*; c/d is absent"),
    ],
)
def test_every_miss_is_named(cfg, expected, sentence):
    with pytest.raises(InputError, match=sentence):
        verify_results(cfg("TEST.EXPECTED_RESULTS", expected), RESULTS)


def test_results_within_the_tolerance_pass(cfg):
    verify_results(cfg("TEST.EXPECTED_RESULTS", [["keypoints", "AP", 72.0, 0.75]]), RESULTS)
    verify_results(cfg(), {})


@pytest.mark.parametrize("entry", [["keypoints", "AP", 70], "keypoints", ["a", "b", "70", 1]])
def test_entries_of_another_form_are_refused(cfg, entry):
    with pytest.raises(InputError, match=r"which is not \[task, metric, value, tolerance\]"):
        check_expectations(cfg("TEST.EXPECTED_RESULTS", [entry]))


def test_expectations_need_a_test_set(cfg):
    options = ("TEST.EXPECTED_RESULTS", [["keypoints", "AP", 70, 1]], "DATASETS.TEST", ())
    with pytest.raises(InputError, match="DATASETS.TEST is empty"):
        check_expectations(cfg(*options))
