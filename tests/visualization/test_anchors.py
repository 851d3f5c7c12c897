import numpy as np

from adaanchor_d2.visualization.anchor_views import AnchorView
from adaanchor_d2.visualization.anchors import draw_anchor_figure


def make_view(target=(20.0, 10.0), found=(22.0, 11.0), score: float | None = 0.5, **changes):
    keypoints = np.array([(5, 5, 2), (*target, 2)], float)
    values = {
        "image": np.zeros((40, 30, 3), np.uint8),
        "keypoints": keypoints,
        "kind": 1,
        "is_crop": True,
        "target_xy": keypoints[1, :2],
        "selected_xy": np.array([(14.0, 10.0), (np.nan, np.nan)]),
        "nearest_xy": np.array((18.0, 10.0)),
        "anchor_xy": np.array((26.0, 14.0)),
        "located_xy": np.array(found),
        "found_xy": np.array(found),
        "score": score,
        "maps": {"confidence": np.full((10, 8), 0.25)},
        "cell": 4.0,
    }
    return AnchorView(**(values | changes))


def limits(axis) -> tuple:
    (left, right), (bottom, top) = axis.get_xlim(), axis.get_ylim()
    return left, top, right, bottom


def titles(figure) -> list[str]:
    return [axis.get_title() for axis in figure.axes]


def test_panels_of_models_and_maps():
    with_score = make_view(maps={"confidence": np.eye(4), "score s": 0.1 * np.eye(4)})
    views = {"Ada": [with_score], "Regression": [make_view(score=None, maps={})]}
    figure = draw_anchor_figure(["nose"], views, ["confidence", "score s"])
    assert titles(figure) == ["nose", "Ada: 0.50", "confidence", "score s", "Regression"]
    assert titles(draw_anchor_figure(["nose"], views)) == ["nose", "Ada: 0.50", "Regression"]


def test_a_map_has_a_bar_of_its_colours_with_its_range():
    scores = {"confidence": np.diag([0.25, 0.5]), "score s": np.zeros((2, 2))}
    figure = draw_anchor_figure(["nose"], {"Ada": [make_view(maps=scores)]}, list(scores))
    figure.draw_without_rendering()
    bars = [bar for axis in figure.axes for bar in axis.child_axes]
    labels = [[label.get_text() for label in bar.get_yticklabels()] for bar in bars]
    assert labels == [["0", "0.5"], ["0"]]
    widths = [axis.get_position().width for axis in figure.axes]
    np.testing.assert_allclose(widths, widths[0], rtol=0.02)


def test_every_panel_rings_the_keypoint():
    figure = draw_anchor_figure(["a", "b"], {"Ada": [make_view(), make_view((3.0, 30.0))]})
    for axis, target in zip(figure.axes, ((20, 10), (20, 10), (3, 30), (3, 30)), strict=True):
        np.testing.assert_allclose(axis.lines[0].get_xydata()[0], target)


def test_all_anchors_are_inside_what_is_shown():
    far = make_view(anchor_xy=np.array((2.0, 38.0)))
    figure = draw_anchor_figure(["a"], {"Ada": [make_view()], "Fix": [far]})
    for axis in figure.axes[1:]:
        left, top, right, bottom = limits(axis)
        for x, y in ((20, 10), (14, 10), (26, 14), (22, 11), (2, 38)):
            assert left <= x <= right and top <= y <= bottom


def test_a_crop_is_shown_whole_and_as_far_as_the_keypoint_lies():
    assert limits(draw_anchor_figure(["a"], {"Ada": [make_view()]}).axes[0]) == (0, 0, 30, 40)
    outside = draw_anchor_figure(["a"], {"Ada": [make_view(target=(20.0, 60.0))]})
    left, top, right, bottom = limits(outside.axes[0])
    assert (left, top) == (0, 0) and 30 <= right < 31 and 60 < bottom < 75


def test_of_a_whole_image_the_person_is_shown():
    image = np.zeros((400, 300, 3), np.uint8)
    figure = draw_anchor_figure(["a"], {"Ada": [make_view(image=image, is_crop=False)]})
    left, top, right, bottom = limits(figure.axes[0])
    assert -10 < left < 5 and -10 < top < 5 and 20 < right < 60 and 10 < bottom < 60


def test_inputs_of_other_sizes_show_the_same_part():
    large = make_view(
        image=np.zeros((80, 60, 3), np.uint8),
        keypoints=np.array([(10, 10, 2), (40, 20, 2)], float),
        target_xy=np.array((40.0, 20.0)),
        selected_xy=np.array([(28.0, 20.0)]),
        anchor_xy=np.array((52.0, 28.0)),
        located_xy=np.array((44.0, 22.0)),
        found_xy=np.array((44.0, 22.0)),
    )
    figure = draw_anchor_figure(["a"], {"small": [make_view()], "large": [large]})
    small_panel, large_panel = (np.array(limits(axis)) for axis in figure.axes[1:])
    np.testing.assert_allclose(2 * small_panel, large_panel)


def test_what_is_not_found_is_said():
    nowhere = np.full(2, np.nan)
    view = make_view(score=None, anchor_xy=nowhere, located_xy=nowhere, found_xy=nowhere)
    figure = draw_anchor_figure(["a"], {"Ada": [view]})
    assert titles(figure) == ["a", "Ada: not found"]
    assert not figure.axes[1].texts, "no arrow"
