import numpy as np
import pytest

from adaanchor_d2.evaluation.metrics import similarity_radius
from adaanchor_d2.evaluation.stress_report import stress_report

AREA, SIGMAS = np.array([400.0]), np.full(5, 0.1)
RADIUS = float(similarity_radius(AREA, SIGMAS, 0.5)[0, 0])
# Five keypoints of one person: seen, covered, annotated hidden, outside, not labelled.
V = (2, 2, 1, 2, 0)


def predictions(distance, score, scale: float = 1.0, shift: float = 0.0) -> dict:
    """Keypoints that are found ``distance`` (5,) image pixels beside their place.

    A crop pixel is ``scale`` image pixels; the crop's corner is at (shift, shift).
    """
    xy = np.arange(10.0).reshape(1, 5, 2)
    found = xy + np.stack((distance, np.zeros(5)), axis=-1)
    return {
        "keypoints": np.concatenate((found, np.reshape(score, (1, 5, 1))), axis=2),
        "gt_keypoints": np.concatenate(((xy - shift) / scale, np.reshape(V, (1, 5, 1))), axis=2),
        "crop_to_image": np.array([[[scale, 0, shift], [0, scale, shift]]]),
        "hidden": np.array([[False, True, False, True, False]]),
        "outside": np.array([[False, False, False, True, False]]),
    }


def report(now: dict, before: dict, threshold: float = 0.5, has_confidence: bool = True) -> dict:
    return stress_report(now, before, AREA, SIGMAS, threshold, has_confidence)


def test_groups_and_their_errors():
    now, before = (
        predictions((1, 2, 3, 4, 9), np.full(5, 0.9)),
        predictions((1, 1, 1, 1, 1), [0] * 5),
    )
    figures = report(now, before)
    errors = {group: row["error"] for group, row in figures.items()}
    assert errors == pytest.approx({"all": 2.5, "uncovered": 1, "covered": 2, "outside": 4})
    assert {row["error_before"] for row in figures.values()} == {1.0}
    assert [row["keypoints"] for row in figures.values()] == [4, 1, 1, 1]


def test_errors_are_in_pixels_of_the_untouched_input():
    """The rest of a cut-off person is seen larger; the same miss stays the same error."""
    before = predictions([4] * 5, [1] * 5, scale=2.0)
    now = predictions([4] * 5, [1] * 5, scale=0.5, shift=3.0)
    assert report(now, before)["all"]["error"] == pytest.approx(2.0)
    assert report(now, before)["all"]["error_before"] == pytest.approx(2.0)


def test_recall_needs_both_a_place_and_a_score():
    near, far = 0.99 * RADIUS, 1.01 * RADIUS
    distance, score = (near, near, far, far, near), (0.5, 0.49, 0.9, 0.1, 0.9)
    now = predictions(distance, score)
    figures = report(now, now)
    assert figures["all"]["recall"] == 25.0 and figures["all"]["precision"] == 50.0
    assert figures["all"]["score"] == pytest.approx((0.5 + 0.49 + 0.9 + 0.1) / 4)
    assert figures["uncovered"]["recall"] == 100.0 and figures["covered"]["recall"] == 0.0
    assert "precision" not in figures["covered"], "nothing of it is found"
    assert report(now, now, threshold=0.4)["covered"]["recall"] == 100.0


def test_a_rule_without_confidence_has_no_score():
    now = predictions((0, 0, 2 * RADIUS, 2 * RADIUS, 0), [0.1] * 5)
    figures = report(now, now, has_confidence=False)["all"]
    assert figures["recall"] == 50.0 and set(figures) == {
        *("keypoints", "error", "error_before", "recall"),
    }


def test_groups_without_keypoints_are_absent():
    now = predictions([1] * 5, [1] * 5)
    now |= {"hidden": np.zeros((1, 5), bool), "outside": np.zeros((1, 5), bool)}
    assert set(report(now, now)) == {"all", "uncovered"}
