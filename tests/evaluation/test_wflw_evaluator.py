"""WflwEvaluator against slow loops over the list, and its promises."""

import json
import logging

import numpy as np
import pytest
from detectron2.config import get_cfg
from helpers.entry_sets import WFLW_LIST, write_wflw, write_wflw_csv

from adaanchor_d2 import add_adaanchor_config
from adaanchor_d2.errors import InputError
from adaanchor_d2.evaluation import WflwEvaluator, build_evaluator

from .cases import process
from .entry_cases import predict, predicted_xy

SUBSETS = ("LargePose", "Expression", "Illumination", "MakeUp", "Occlusion", "Blur")


@pytest.fixture
def wflw(tmp_path, monkeypatch):
    monkeypatch.setenv("DETECTRON2_DATASETS", str(tmp_path))
    return write_wflw(tmp_path / "wflw", num_faces=10)


def make_evaluator(output_dir=None, person_boxes="ground_truth"):
    return WflwEvaluator(
        dataset_name="wflw_test",
        output_dir=output_dir and str(output_dir),
        person_boxes=person_boxes,
    )


def evaluate(pairs, **arguments):
    evaluator = make_evaluator(**arguments)
    process(evaluator, pairs)
    return evaluator.evaluate()


def slow_figures(list_file, pred):
    """Figures from the list; ``pred`` (N, 98, 2) in the list's coordinates."""
    errors, flags = [], []
    for line, points in zip(list_file.read_text().splitlines(), pred, strict=True):
        fields = line.split()
        x, y = [float(f) for f in fields[0:196:2]], [float(f) for f in fields[1:196:2]]
        eyes = ((x[60] - x[72]) ** 2 + (y[60] - y[72]) ** 2) ** 0.5
        total = sum(
            ((px - a) ** 2 + (py - b) ** 2) ** 0.5
            for (px, py), a, b in zip(points, x, y, strict=True)
        )
        errors.append(total / 98 / eyes)
        flags.append([field == "1" for field in fields[200:206]])
    groups = {"": range(len(errors))}
    for column, name in enumerate(SUBSETS):
        groups[f"_{name}"] = [i for i, face in enumerate(flags) if face[column]]
    figures = {}
    for name, members in groups.items():
        chosen = [errors[i] for i in members]
        if chosen:
            figures[f"NME{name}"] = 100 * sum(chosen) / len(chosen)
            figures[f"FR@0.1{name}"] = 100 * sum(e > 0.1 for e in chosen) / len(chosen)
            figures[f"AUC@0.1{name}"] = sum(max(0, 1 - e / 0.1) for e in chosen) / len(chosen)
    return figures


@pytest.mark.parametrize("noise", [0.5, 4.0])
def test_results_equal_slow_loops(wflw, noise, caplog):
    pairs = predict("wflw_test", noise)
    with caplog.at_level(logging.INFO):
        results = evaluate(pairs)
    list_file = wflw / WFLW_LIST.format(split="test")
    expected = slow_figures(list_file, predicted_xy(pairs) - 0.5)
    assert results == {"keypoints": pytest.approx(expected, abs=1e-6)}
    assert list(results["keypoints"]) == list(expected)
    assert not any("MakeUp" in name for name in expected)
    assert "LargePose" in caplog.text and "No subsets" not in caplog.text


def test_written_predictions(wflw, tmp_path):
    pairs = predict("wflw_test")
    evaluate(pairs[::-1], output_dir=tmp_path / "out")
    written = json.loads((tmp_path / "out/keypoint_predictions.json").read_text())
    assert [entry["annotation_id"] for entry in written] == list(range(1, 11))
    assert written[0]["file_name"].endswith("0--Noise/0.png")
    xy = np.array([entry["keypoints"] for entry in written])[..., :2]
    np.testing.assert_allclose(xy, predicted_xy(pairs) - 0.5, atol=1e-6)


def test_rectangle_boxes_have_results_of_their_own(wflw):
    results = evaluate(predict("wflw_test"), person_boxes="rectangle")
    assert set(results) == {"keypoints_rectangle_boxes"}


def test_empty_rectangle_is_named_before_any_prediction(wflw):
    list_file = wflw / WFLW_LIST.format(split="test")
    lines = [line.split() for line in list_file.read_text().splitlines()]
    lines[4][198] = lines[4][196]
    list_file.write_text("\n".join(" ".join(line) for line in lines))
    make_evaluator()
    with pytest.raises(InputError, match=r"\('rectangle'\) of annotation 5 \(.*2.png\) .* empty"):
        make_evaluator(person_boxes="rectangle")


def test_csv_has_no_subsets(wflw, caplog):
    list_file = wflw / WFLW_LIST.format(split="test")
    fields = [line.split() for line in list_file.read_text().splitlines()]
    rows = [[f[-1], 0.4, 60, 60, *f[:196]] for f in fields]
    write_wflw_csv(wflw / "face_landmarks_wflw_test.csv", rows)
    expected = slow_figures(list_file, predicted_xy(predict("wflw_test")) - 0.5)
    list_file.unlink()
    with caplog.at_level(logging.INFO):
        figures = evaluate(predict("wflw_test"))["keypoints"]
    assert figures == pytest.approx({n: expected[n] for n in ("NME", "FR@0.1", "AUC@0.1")})
    assert "No subsets: the annotation file has no attribute flags." in caplog.text


def test_face_without_eye_distance_is_named(wflw):
    list_file = wflw / WFLW_LIST.format(split="test")
    lines = [line.split() for line in list_file.read_text().splitlines()]
    lines[6][144:146] = lines[6][120:122]  # point 72 becomes point 60
    list_file.write_text("\n".join(" ".join(line) for line in lines))
    with pytest.raises(
        InputError, match=r"points 60 and 72 of annotation 7 \(.*3.png\) of wflw_te"
    ):
        make_evaluator()


def test_detector_boxes_are_refused(wflw):
    with pytest.raises(InputError, match="boxes.json, but wflw_test can only be evaluated"):
        make_evaluator(person_boxes="boxes.json")


def test_model_of_another_skeleton_is_refused(wflw):
    pairs = predict("wflw_test")
    instances = pairs[0][1]["instances"]
    instances.pred_keypoints = instances.pred_keypoints[:, :17]
    with pytest.raises(InputError, match="predicts 17 keypoints .* wflw_test has 98"):
        make_evaluator().process(*zip(pairs[0], strict=True))


def test_predictions_that_are_no_numbers_name_the_image(wflw):
    pairs = predict("wflw_test")
    pairs[3][1]["instances"].pred_keypoints[0, 5, 0] = float("nan")
    with pytest.raises(InputError, match="not a finite number in .*1.png"):
        evaluate(pairs)


def test_built_by_the_metadata(wflw):
    cfg = get_cfg()
    add_adaanchor_config(cfg)
    evaluator = build_evaluator(cfg, "wflw_train", None, has_confidence=False)
    assert isinstance(evaluator, WflwEvaluator)
