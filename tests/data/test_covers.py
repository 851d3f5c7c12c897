import numpy as np
import pytest

from adaanchor_d2.data.covers import plan_cover

BOX = (20.0, 10.0, 80.0, 110.0)


def cover(fraction: float, seed: int = 0, box: tuple = BOX, shown: tuple = BOX):
    return plan_cover(box, shown, fraction, np.random.default_rng(seed))


def grid(box: tuple, steps: int = 101) -> np.ndarray:
    x, y = np.linspace(box[0], box[2], steps), np.linspace(box[1], box[3], steps)
    return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("fraction", [0.05, 0.3, 0.6, 0.95])
def test_the_share_of_the_box_that_is_asked_for_is_hidden(seed, fraction):
    plan = cover(fraction, seed)
    assert plan.box == BOX
    assert plan.hidden_fraction == pytest.approx(fraction, abs=0.02)
    assert plan.hides(grid(BOX)).mean() == pytest.approx(fraction, abs=0.03)


def test_only_the_part_of_the_box_inside_the_image_counts():
    shown = (20.0, 10.0, 50.0, 110.0)
    plan = cover(0.5, shown=shown)
    assert plan.hides(grid(shown)).mean() == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("seed", range(12))
def test_a_larger_share_hides_what_a_smaller_one_hides(seed):
    points = grid((0.0, 0.0, 120.0, 120.0))
    smaller, larger = cover(0.2, seed).hides(points), cover(0.6, seed).hides(points)
    # The form is read at whole pixels, so single points at its border may differ.
    assert (smaller & ~larger).sum() <= 2 and larger.sum() > smaller.sum()


@pytest.mark.parametrize("seed", range(12))
def test_what_is_painted_is_what_is_said_to_be_hidden(seed):
    """The picture is painted at twice the size, and moved."""
    plan = cover(0.4, seed)
    image_to_sample = np.array([[2.0, 0.0, -10.0], [0.0, 2.0, 6.0]])
    black, white = (
        plan.paint(np.full((240, 180, 3), value, np.uint8), image_to_sample) for value in (0, 255)
    )
    hidden = white[..., 1].astype(int) - black[..., 1] < 128  # of the background, what is seen
    rows, columns = np.mgrid[:240, :180] + 0.5
    places = np.stack((columns + 10, rows - 6), axis=-1) / 2
    # What differs are single pixels along the border.
    assert (hidden != plan.hides(places)).mean() < 0.015
    assert 0.05 < hidden.mean() < 0.9


def test_painting_leaves_its_argument_and_the_rest_of_the_picture():
    plan = cover(0.2)
    image = np.random.default_rng(0).integers(0, 256, (120, 100, 3), dtype=np.uint8)
    before = image.copy()
    painted = plan.paint(image, np.eye(2, 3))
    np.testing.assert_array_equal(image, before)
    unchanged = (painted == image).all(axis=2)
    assert 0.5 < unchanged.mean() < 0.95
    np.testing.assert_array_equal(painted, cover(0.2).paint(image, np.eye(2, 3)))
