"""Calibrations as functions and files, and in the results of the three meta-architectures."""

import json
import re

import numpy as np
import pytest
import torch
from detectron2.modeling import build_model
from helpers.crowds import bottom_up_config, center_config, make_crowd_sample
from helpers.tiny import make_sample, tiny_config
from scipy.special import expit, logit

from adaanchor_d2.errors import InputError
from adaanchor_d2.modeling.meta_arch import FlipTest
from adaanchor_d2.modeling.score_calibration import (
    IsotonicCalibration,
    ScoreCalibration,
    TemperatureCalibration,
)

CALIBRATIONS = [
    TemperatureCalibration(2.0, -0.5),
    IsotonicCalibration([0.2, 0.4, 0.8], [0.0, 0.3, 0.9]),
]


def test_temperature_by_formula_and_isotonic_between_knots():
    scores = np.array([0.1, 0.5, 0.95])
    np.testing.assert_allclose(CALIBRATIONS[0](scores), expit(logit(scores) / 2 - 0.5))
    np.testing.assert_allclose(
        CALIBRATIONS[1](np.array([0.1, 0.3, 0.6, 1])), [1e-6, 0.15, 0.6, 0.9]
    )


@pytest.mark.parametrize("calibration", CALIBRATIONS)
def test_what_every_calibration_keeps(calibration):
    scores = np.linspace(0, 1, 1001)
    scores[500] = np.nan
    before = scores.copy()
    calibrated = calibration(scores)
    np.testing.assert_array_equal(scores, before)
    assert calibrated[0] == 0 and np.isnan(calibrated[500])  # not located
    rest = np.delete(calibrated, [0, 500])
    assert (rest > 0).all() and (rest <= 1).all() and (np.diff(rest) >= 0).all()
    tensor = torch.tensor(scores, dtype=torch.float32).view(7, 143)
    of_tensor = calibration(tensor)
    assert of_tensor.dtype == torch.float32 and of_tensor.shape == (7, 143)
    np.testing.assert_allclose(of_tensor.flatten().numpy(), calibrated, atol=2e-6)


@pytest.mark.parametrize("calibration", CALIBRATIONS)
def test_what_is_written_is_read(calibration, tmp_path):
    path = str(tmp_path / "calibration.json")
    calibration.write(path)
    assert ScoreCalibration.read(path) == calibration


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "is not JSON"),
        ("[1]", "is no JSON object"),
        ({"kind": "platt"}, "names no 'kind' of calibration: temperature or isotonic"),
        ({"kind": ["isotonic"]}, "names no 'kind'"),
        ({"kind": "temperature", "temperature": 2}, "it must hold temperature and bias"),
        ({"kind": "temperature", "temperature": 0, "bias": 0}, "temperature 0 is no number above"),
        ({"kind": "temperature", "temperature": "x", "bias": 0}, "is no temperature calibration"),
        ({"kind": "temperature", "temperature": 1, "bias": 1e999}, "bias inf is no finite number"),
        ({"kind": "isotonic", "score": [0.1], "probability": []}, "not two lists of one length"),
        ({"kind": "isotonic", "score": [], "probability": []}, "not two lists of one length"),
        ({"kind": "isotonic", "score": [0.2, 0.2], "probability": [0, 1]}, "does not ascend"),
        ({"kind": "isotonic", "score": [0.1, 0.2], "probability": [1, 0]}, "does not rise"),
        ({"kind": "isotonic", "score": [0.1, 0.2], "probability": [0, 1.5]}, "does not rise"),
        ({"kind": "isotonic", "score": ["a"], "probability": [0]}, "is no isotonic calibration"),
    ],
)
def test_bad_files_are_refused_with_a_sentence(tmp_path, content, sentence):
    path = tmp_path / "calibration.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(InputError, match=re.escape(sentence)) as error:
        build_model(tiny_config(MODEL__KEYPOINT_HEAD__CALIBRATION=str(path)))
    assert str(error.value).startswith("MODEL.KEYPOINT_HEAD.CALIBRATION: Calibration file")


def test_no_file_and_no_scores_are_refused(tmp_path):
    path = str(tmp_path / "none.json")
    with pytest.raises(InputError, match="none.json cannot be read: No such file"):
        build_model(tiny_config(MODEL__KEYPOINT_HEAD__CALIBRATION=path))
    CALIBRATIONS[0].write(path)
    with pytest.raises(InputError, match="RegressionAnchor gives no scores to calibrate"):
        build_model(tiny_config("RegressionAnchor", MODEL__KEYPOINT_HEAD__CALIBRATION=path))
    with pytest.raises(InputError, match="cannot be written"):
        CALIBRATIONS[0].write(str(tmp_path / "no" / "folder.json"))


def single(calibration):
    model = build_model(tiny_config(MODEL__KEYPOINT_HEAD__CALIBRATION=calibration)).eval()
    return model, [make_sample(seed) for seed in range(2)]


def flipped(calibration):
    model, samples = single(calibration)
    return FlipTest(model, tuple(range(17))), samples


# A gamma of TEST.GAMMAS that is the model's too shares its results.
GAMMAS = {"MODEL__KEYPOINT_HEAD__GAMMA": 0.1, "TEST__GAMMAS": (0.1, 0.3)}


def bottom_up(calibration):
    config = bottom_up_config(MODEL__KEYPOINT_HEAD__CALIBRATION=calibration, **GAMMAS)
    return build_model(config).eval(), [make_crowd_sample(seed) for seed in range(2)]


def center(calibration):
    config = center_config(MODEL__KEYPOINT_HEAD__CALIBRATION=calibration, **GAMMAS)
    return build_model(config).eval(), [make_crowd_sample(seed) for seed in range(2)]


def with_large_weights(model):
    for module in model.modules():
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.normal_(module.weight, std=0.3)
    return model


def instances_of(result):
    return [result["instances"], *result.get("instances_by_gamma", {}).values()]


def rows_of(result):
    if "keypoints" not in result:
        return []
    return [result["keypoints"], *result["keypoints_by_gamma"].values()]


@pytest.mark.parametrize("build", [single, flipped, bottom_up, center])
def test_only_the_keypoint_scores_of_results_change(build, tmp_path):
    path = str(tmp_path / "calibration.json")
    calibration = CALIBRATIONS[0]
    calibration.write(path)
    results = []
    for calibration_file in ("", path):
        torch.manual_seed(0)
        model, samples = build(calibration_file)
        with torch.no_grad():
            results.append(with_large_weights(model)(samples))
    plain, calibrated = results
    num_people = 0
    for before, after in zip(plain, calibrated, strict=True):
        assert before.keys() == after.keys()
        for raw, new in zip(instances_of(before), instances_of(after), strict=True):
            assert set(new.get_fields()) - set(raw.get_fields()) == {"pred_keypoint_confidence"}
            torch.testing.assert_close(new.pred_keypoints[..., :2], raw.pred_keypoints[..., :2])
            torch.testing.assert_close(new.scores, raw.scores)
            scores = raw.pred_keypoints[..., 2]
            torch.testing.assert_close(new.pred_keypoint_confidence, scores)
            torch.testing.assert_close(new.pred_keypoints[..., 2], calibration(scores))
            num_people += len(raw)
        for raw, new in zip(rows_of(before), rows_of(after), strict=True):
            torch.testing.assert_close(new[:, 2], calibration(raw[:, 2]))
            torch.testing.assert_close(new[:, [0, 1, 3]], raw[:, [0, 1, 3]])
    assert num_people > 1
