import numpy as np
import pytest

from adaanchor_d2.data.cuts import plan_cut

BOX = (20.0, 10.0, 80.0, 110.0)


def cuts(fraction: float, box: tuple = BOX, shown: tuple = BOX) -> dict:
    """{side: cut}, from seeds until every side was cut."""
    found = {}
    for seed in range(50):
        plan = plan_cut(box, shown, fraction, np.random.default_rng(seed))
        found.setdefault(plan.side, plan)
    return found


def test_each_side_may_be_cut_off():
    assert {side: plan.box for side, plan in cuts(0.25).items()} == {
        "left": (35.0, 10.0, 80.0, 110.0),
        "top": (20.0, 35.0, 80.0, 110.0),
        "right": (20.0, 10.0, 65.0, 110.0),
        "bottom": (20.0, 10.0, 80.0, 85.0),
    }


def test_the_share_is_of_the_part_inside_the_image():
    plan = cuts(0.5, box=(-40.0, 10.0, 80.0, 110.0), shown=(0.0, 10.0, 80.0, 110.0))["right"]
    assert plan.box == (-40.0, 10.0, 40.0, 110.0)


@pytest.mark.parametrize("side", ["left", "top", "right", "bottom"])
def test_what_is_painted_black_is_what_is_said_to_be_hidden(side):
    plan = cuts(0.3)[side]
    image = np.full((120, 100, 3), 7, np.uint8)
    # Half an image pixel of the input is one of its own; borders lie at whole numbers.
    painted = plan.paint(image, np.array([[1.0, 0.0, 4.0], [0.0, 1.0, -3.0]]))
    rows, columns = np.mgrid[:120, :100] + 0.5
    hidden = plan.hides(np.stack((columns - 4, rows + 3), axis=-1))
    assert 0 < hidden.mean() < 1 and (image == 7).all()
    np.testing.assert_array_equal((painted == 0).all(axis=2), hidden)
