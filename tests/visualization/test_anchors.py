import numpy as np
import torch
from detectron2.modeling import build_model
from helpers.tiny import RULES, make_sample, tiny_config

from adaanchor_d2.data import get_skeleton
from adaanchor_d2.visualization.anchors import draw_anchor_figure, view_anchors


def test_views_hold_what_the_model_selects_and_finds():
    torch.manual_seed(0)
    model = build_model(tiny_config()).eval()
    sample = make_sample(0)
    sample["keypoints"][4, 2] = 0
    view = view_anchors(model, [sample])[0]
    assert view.selected_xy.shape == (17, 20, 2)
    assert np.isnan(view.selected_xy[4]).all(), "an unlabelled keypoint has no anchors"
    assert not np.isnan(view.selected_xy[0]).any()
    with torch.no_grad():
        instances = model([{**sample, "crop_to_image": np.eye(2, 3)}])[0]["instances"]
    np.testing.assert_allclose(view.xy, instances.pred_keypoints[0, :, :2].numpy(), atol=1e-4)
    np.testing.assert_allclose(view.anchor_xy, instances.pred_keypoint_anchors[0].numpy())


def test_figure_of_every_rule_draws_the_target():
    cases = [(make_sample(1), 0), (make_sample(2), 3)]
    samples = [sample for sample, _ in cases]
    views = {rule: view_anchors(build_model(tiny_config(rule)), samples) for rule in RULES}
    figure = draw_anchor_figure(cases, views, get_skeleton("coco").names)
    assert len(figure.axes) == len(cases) * (1 + len(RULES))
    x, y = figure.axes[0].lines[0].get_xydata()[0]
    np.testing.assert_allclose([x, y], samples[0]["keypoints"][0, :2])
    titles = [axis.get_title() for axis in figure.axes]
    assert titles[0] == "nose, visible" and "RegressionAnchor" in titles, titles
    assert any(title.startswith("AdaAnchor: 0.") for title in titles), titles
