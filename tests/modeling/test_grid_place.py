"""The place of candidates is part of the weights and is followed everywhere."""

import logging

import pytest
import torch
from detectron2.modeling import build_model
from helpers.tiny import make_sample, tiny_config

from adaanchor_d2.engine.checkpointer import SafeCheckpointer
from adaanchor_d2.engine.ema import ModelEma
from adaanchor_d2.modeling.anchors import KeypointTargets

GRID_RULES = ("AdaAnchor", "FixAnchor", "HeatmapAnchor")
PLACE = 0.125


def imported(rule: str) -> dict:
    """Weights of a model whose config says PLACE."""
    return build_model(tiny_config(rule, MODEL__KEYPOINT_HEAD__CELL_PLACE=PLACE)).state_dict()


@pytest.mark.parametrize("rule", GRID_RULES)
def test_weights_bring_their_place(rule, tmp_path, caplog):
    torch.save({"model": imported(rule)}, tmp_path / "imported.pth")
    model = build_model(tiny_config(rule))
    assert model.head.place.item() == 0.5
    with caplog.at_level(logging.INFO):
        SafeCheckpointer(model).load(str(tmp_path / "imported.pth"))
    assert model.head.place.item() == PLACE
    assert "candidates sit at 0.125 of the stride (so far 0.5)" in caplog.text


def test_regression_has_no_grid():
    assert "head.place" not in imported("RegressionAnchor")


@pytest.mark.parametrize("rule", GRID_RULES)
def test_weights_without_a_place_leave_the_configs(rule, tmp_path):
    weights = imported(rule)
    del weights["head.place"]
    torch.save({"model": weights}, tmp_path / "older.pth")
    model = build_model(tiny_config(rule, MODEL__KEYPOINT_HEAD__CELL_PLACE=0.25))
    SafeCheckpointer(model).load(str(tmp_path / "older.pth"))
    assert model.head.place.item() == 0.25


def test_fresh_head_takes_the_place_of_an_imported_backbone(tmp_path):
    weights = {k: v for k, v in imported("AdaAnchor").items() if "predictor" not in k}
    torch.save({"model": weights}, tmp_path / "partial.pth")
    model = build_model(tiny_config("AdaAnchor"))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    SafeCheckpointer(model, optimizer=optimizer).load(str(tmp_path / "partial.pth"), [])
    assert model.head.place.item() == PLACE


def test_average_keeps_the_place():
    model = build_model(tiny_config())
    ema = ModelEma(model, decay=0.9)
    model.load_state_dict(imported("AdaAnchor"))
    for _ in range(3):
        ema.update_parameters(model)
    assert ema.module.head.place.item() == PLACE


@pytest.mark.parametrize("rule", GRID_RULES)
def test_everything_moves_with_the_grid(rule):
    """A grid moved by -0.375 with targets moved alike: the same losses, results moved alike."""
    torch.manual_seed(0)
    centred = build_model(tiny_config(rule))
    torch.nn.init.normal_(centred.head.predictor.weight, std=0.1)
    moved = build_model(tiny_config(rule))
    moved.load_state_dict({**centred.state_dict(), "head.place": torch.tensor(PLACE)})
    features = torch.randn(1, 16, 16, 16)
    targets, supervised = centred.keypoint_targets([make_sample(3)])
    moved_targets = KeypointTargets(
        targets.xy + PLACE - 0.5, targets.image_index, targets.type_index
    )

    with torch.no_grad():
        losses = centred.head(features, targets, supervised)
        moved_losses = moved.head(features, moved_targets, supervised)
        found = centred.head.inference(centred.head.predict(features))
        moved_found = moved.head.inference(moved.head.predict(features))
    torch.testing.assert_close(moved_losses, losses)
    shift = (PLACE - 0.5) * centred.head.stride
    torch.testing.assert_close(moved_found.xy, found.xy + shift)
    torch.testing.assert_close(moved_found.anchor_xy, found.anchor_xy + shift)
