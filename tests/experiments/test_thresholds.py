"""All thresholds from one pass give exactly what an evaluation at each of them gives."""

from pathlib import Path

import pytest
import torch
from detectron2.modeling import build_model

from adaanchor_d2.data.synthetic import write_synthetic_people
from adaanchor_d2.engine.config_file import load_config
from adaanchor_d2.engine.setup import evaluate
from adaanchor_d2.errors import InputError
from adaanchor_d2.experiments.thresholds import (
    check_thresholds,
    evaluated_points,
    recorded_points,
)

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
OPTIONS = ["MODEL.DEVICE", "cpu", "MODEL.KEYPOINT_HEAD.PRIOR_PROB", "0.5"]
TITLES = {
    "AP": "AP",
    "people found (%)": "PersonRecall@OKS0.5",
    "recall of located keypoints (%)": "KeypointRecall@KS0.5",
    "precision of located keypoints (%)": "KeypointPrecision@KS0.5",
}


@pytest.fixture
def crowds(tmp_path, monkeypatch):
    monkeypatch.setenv("DETECTRON2_DATASETS", str(tmp_path))
    write_synthetic_people(
        tmp_path / "synthetic_crowds", num_train=1, num_val=4, layout="crowdpose"
    )


def save_untrained(cfg, file: Path) -> str:
    """Save weights whose confidences are spread around the prior."""
    torch.manual_seed(0)
    model = build_model(cfg)
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.momentum = 1.0
        model.dense_maps(torch.randn(4, 3, 96, 96))  # normalizes the features
        for parameter in model.head.parameters():
            parameter *= 100
    torch.save({"model": model.state_dict()}, file)
    return str(file)


@pytest.mark.parametrize("folder", ["quickstart_crowds", "quickstart_centers"])
def test_gamma_of_whole_images(crowds, tmp_path, folder):
    config = str(CONFIGS / folder / "ada.yaml")
    cfg = load_config(config, OPTIONS)
    weights = save_untrained(cfg, tmp_path / "weights.pth")
    gammas = [0.3, 0.8, 0.95]
    points = evaluated_points("ada", "0", cfg, weights, gammas, tmp_path / "sweep")
    assert [point.value for point in points] == gammas
    for point in points:
        options = [*OPTIONS, "MODEL.WEIGHTS", weights, "TEST.GAMMAS", "()"]
        options += ["MODEL.KEYPOINT_HEAD.GAMMA", str(point.value)]
        alone = evaluate(load_config(config, [*options, "OUTPUT_DIR", str(tmp_path / "alone")]))
        alone = alone["keypoints"]
        expected = {title: alone[name] for title, name in TITLES.items() if name in alone}
        assert point.figures == expected
        assert {"AP", "people found (%)"} <= set(expected)
    if folder == "quickstart_crowds":
        assert len({point.figures["recall of located keypoints (%)"] for point in points}) == 3


def test_threshold_of_single_people(tmp_path, monkeypatch):
    monkeypatch.setenv("DETECTRON2_DATASETS", str(tmp_path))
    write_synthetic_people(tmp_path / "synthetic_people", num_train=1, num_val=6)
    config = str(CONFIGS / "quickstart" / "ada.yaml")
    cfg = load_config(config, OPTIONS)
    weights = save_untrained(cfg, tmp_path / "weights.pth")
    thresholds = [0.5, 0.7, 0.9999]
    points = evaluated_points("ada", "0", cfg, weights, thresholds, tmp_path / "sweep")
    for point in points:
        options = [*OPTIONS, "MODEL.WEIGHTS", weights, "OUTPUT_DIR", str(tmp_path / "alone")]
        options += ["TEST.CONFIDENCE_THRESHOLDS", f"({point.value},)"]
        alone = evaluate(load_config(config, options))["confidence"]
        assert point.figures["keypoint recall (%)"] == alone[f"Recall@{point.value}"]
        found = point.figures.get("keypoint precision (%)")
        assert found == alone.get(f"Precision@{point.value}")
    assert [point.value for point in points] == thresholds
    assert points[0].figures != points[1].figures
    assert points[2].figures == {"keypoint recall (%)": 0.0}


def test_recorded_thresholds_are_those_of_the_kind_of_model():
    record = {
        "keypoints_gamma0.5/AP": 20.0,
        "keypoints_gamma0.05/AP": 30.0,
        "keypoints_gamma0.5/AP50": 50.0,
        "confidence/Recall@0.5": 60.0,
    }
    points = recorded_points("ada", "1", record, takes_images=True)
    assert points == [("ada", "1", 0.05, {"AP": 30.0}), ("ada", "1", 0.5, {"AP": 20.0})]
    (point,) = recorded_points("ada", "1", record, takes_images=False)
    assert point.figures == {"keypoint recall (%)": 60.0}


def test_what_is_no_threshold():
    assert check_thresholds([0.5, 0.1]) == [0.1, 0.5]
    for values, sentence in (
        ([1.0], "--values 1 is no confidence threshold"),
        ([0.0], "--values 0 is no confidence threshold"),
        ([0.1234567], "--values 0.1234567 has more than six digits"),
    ):
        with pytest.raises(InputError, match=sentence):
            check_thresholds(values)
