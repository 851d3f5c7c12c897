import numpy as np
import pytest

from adaanchor_d2.evaluation.metrics import area_under_ced, failure_rate


def test_by_hand():
    errors = np.array([0.02, 0.05, 0.1, 0.3])
    assert failure_rate(errors) == 0.25  # 0.1 itself is no failure
    assert area_under_ced(errors) == pytest.approx((0.8 + 0.5 + 0 + 0) / 4)
    assert failure_rate(errors, 0.04) == 0.75
    assert area_under_ced(errors, 0.04) == pytest.approx(0.5 / 4)


def test_equals_the_area_of_the_drawn_curve():
    errors = np.random.default_rng(0).gamma(3, 0.02, 400)
    before = errors.copy()
    grid = np.linspace(0, 0.1, 200001)
    curve = (errors[None] <= grid[:, None][::20]).mean(axis=1)  # every 1e-5
    area = (
        np.trapezoid(curve, grid[::20]) if hasattr(np, "trapezoid") else np.trapz(curve, grid[::20])
    )
    assert area_under_ced(errors) == pytest.approx(area / 0.1, abs=1e-4)
    assert failure_rate(errors) == pytest.approx(1 - curve[-1])
    assert np.array_equal(errors, before)


def test_no_faces():
    assert np.isnan(failure_rate([])) and np.isnan(area_under_ced([]))
