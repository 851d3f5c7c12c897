"""MpiiEvaluator against slow loops over the files, and its promises."""

import json
import logging

import numpy as np
import pytest
from detectron2.config import get_cfg
from helpers.entry_sets import MPII_CODES, write_mat, write_mpii
from scipy.io import loadmat

from adaanchor_d2 import add_adaanchor_config
from adaanchor_d2.data.datasets.mpii import TO_CONTINUOUS
from adaanchor_d2.errors import InputError
from adaanchor_d2.evaluation import MpiiEvaluator, build_evaluator

from .cases import process
from .entry_cases import predict, predicted_xy

GROUPS = {
    "Head": ["head"],
    **{
        name: [side + part for side in "lr"]
        for name, part in (
            ("Shoulder", "sho"),
            ("Elbow", "elb"),
            ("Wrist", "wri"),
            ("Hip", "hip"),
            ("Knee", "kne"),
            ("Ankle", "ank"),
        )
    },
}


@pytest.fixture
def mpii(tmp_path, monkeypatch):
    monkeypatch.setenv("DETECTRON2_DATASETS", str(tmp_path))
    return write_mpii(tmp_path / "mpii", num_people=9)


def make_evaluator(split="val", output_dir=None, person_boxes="ground_truth"):
    return MpiiEvaluator(
        dataset_name=f"mpii_keypoints_{split}",
        output_dir=output_dir and str(output_dir),
        person_boxes=person_boxes,
    )


def evaluate(pairs, **arguments):
    evaluator = make_evaluator(**arguments)
    process(evaluator, pairs)
    return evaluator.evaluate()


def slow_figures(folder, pred):
    """PCKh from the .mat, joint by joint; ``pred`` (N, 16, 2) are 1-based indices."""
    mat = loadmat(folder / "annot/gt_valid.mat")
    right = {t: np.zeros(16) for t in (0.5, 0.1, 0.11)}
    count = np.zeros(16)
    for person in range(len(pred)):
        (x1, y1), (x2, y2) = mat["headboxes_src"][..., person]
        head = 0.6 * ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5
        for joint in range(16):
            if mat["jnt_missing"][joint, person]:
                continue
            dx, dy = pred[person, joint] - mat["pos_gt_src"][joint, :, person]
            count[joint] += 1
            for threshold, counts in right.items():
                counts[joint] += (dx * dx + dy * dy) ** 0.5 <= threshold * head
    share = 100 * right[0.5] / count
    figures = {
        name: np.mean([share[MPII_CODES.index(code)] for code in codes])
        for name, codes in GROUPS.items()
    }
    kept = [joint for joint in range(16) if joint not in (6, 7)]
    for threshold, counts in right.items():
        figures[f"Mean@{threshold:g}"] = 100 * counts[kept].sum() / count[kept].sum()
    return figures


def test_results_equal_slow_loops(mpii, tmp_path):
    pairs = predict("mpii_keypoints_val", noise=7.0)
    results = evaluate(pairs, output_dir=tmp_path / "out")
    expected = slow_figures(mpii, predicted_xy(pairs) + 0.5)
    assert results == {"keypoints": pytest.approx(expected, abs=1e-6)}
    assert list(results["keypoints"]) == list(expected)
    figures = results["keypoints"]
    assert figures["Mean@0.1"] < figures["Mean@0.11"] < figures["Mean@0.5"] < 100


def test_exact_predictions_give_100_whatever_pelvis_and_thorax_are(mpii):
    pairs = predict("mpii_keypoints_val", noise=0.0)
    for _, output in pairs:
        output["instances"].pred_keypoints[0, 6:8, :2] += 1000
    assert set(evaluate(pairs)["keypoints"].values()) == {100.0}


def test_real_sample_and_its_mat_agree(shared_data, monkeypatch, caplog):
    monkeypatch.setenv("DETECTRON2_DATASETS", str(shared_data))
    with caplog.at_level(logging.INFO):
        results = evaluate(predict("mpii_keypoints_val", noise=0.0))
    assert set(results["keypoints"].values()) == {100.0}
    assert "other joints" not in caplog.text and "Mean@0.11" in caplog.text


def test_written_predictions(mpii, tmp_path):
    pairs = predict("mpii_keypoints_val")
    evaluate(
        [pairs[i] for i in np.random.default_rng(1).permutation(len(pairs))], output_dir=tmp_path
    )
    preds = loadmat(tmp_path / "pred.mat")["preds"]
    np.testing.assert_allclose(preds, predicted_xy(pairs) + 0.5, atol=1e-9)
    written = json.loads((tmp_path / "keypoint_predictions.json").read_text())
    assert [entry["annotation_id"] for entry in written] == list(range(1, 10))
    np.testing.assert_allclose(
        [e["keypoints"] for e in written],
        np.dstack([preds, [o["instances"].pred_keypoints[0, :, 2].numpy() for _, o in pairs]]),
        atol=1e-5,
    )
    assert TO_CONTINUOUS == -0.5


def test_split_without_ground_truth_writes_and_reports_nothing(mpii, tmp_path, caplog):
    with caplog.at_level(logging.INFO):
        assert evaluate(predict("mpii_keypoints_test"), split="test", output_dir=tmp_path) == {}
    assert loadmat(tmp_path / "pred.mat")["preds"].shape == (9, 16, 2)
    assert len(json.loads((tmp_path / "keypoint_predictions.json").read_text())) == 9
    assert "mpii_keypoints_test has no ground truth" in caplog.text


def test_person_without_labelled_joints_is_not_missed(mpii, tmp_path):
    path = mpii / "annot/valid.json"
    people = json.loads(path.read_text())
    people[4]["joints_vis"] = [0] * 16
    path.write_text(json.dumps(people))
    write_mat(mpii / "annot/gt_valid.mat", people, np.full((2, 9), 30.0))
    pairs = predict("mpii_keypoints_val", noise=0.0)
    assert len(pairs) == 8
    assert set(evaluate(pairs, output_dir=tmp_path)["keypoints"].values()) == {100.0}
    assert np.isnan(loadmat(tmp_path / "pred.mat")["preds"][4]).all()
    assert len(json.loads((tmp_path / "keypoint_predictions.json").read_text())) == 8


def test_group_that_is_nowhere_labelled_is_absent(mpii):
    people = json.loads((mpii / "annot/valid.json").read_text())
    for person in people:
        person["joints_vis"][10] = person["joints_vis"][15] = 0
    (mpii / "annot/valid.json").write_text(json.dumps(people))
    write_mat(mpii / "annot/gt_valid.mat", people, np.full((2, 9), 30.0))
    figures = evaluate(predict("mpii_keypoints_val"))["keypoints"]
    assert "Wrist" not in figures and "Elbow" in figures


def test_missing_prediction_is_named(mpii):
    pairs = predict("mpii_keypoints_val")
    with pytest.raises(InputError, match=r"no prediction for annotation 3 \(.*001.png\) .*val\.$"):
        evaluate(pairs[:2] + pairs[3:])
    with pytest.raises(InputError, match="annotation 3 .* and 1 more"):
        evaluate(pairs[:2] + pairs[4:])


def test_no_predictions_at_all(mpii, caplog):
    assert evaluate([]) == {}
    assert "no predictions to evaluate on mpii_keypoints_val" in caplog.text


def spoil_mat(mpii, **changes):
    people = json.loads((mpii / "annot/valid.json").read_text())
    write_mat(mpii / "annot/gt_valid.mat", people, np.full((2, 9), 30.0), **changes)


def no_head_box(mpii):
    sides = np.full((2, 9), 30.0)
    sides[:, 5] = 0
    write_mat(
        mpii / "annot/gt_valid.mat", json.loads((mpii / "annot/valid.json").read_text()), sides
    )


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda mpii: (mpii / "annot/gt_valid.mat").unlink(), "gt_valid.mat, which does not exist"),
        (lambda mpii: (mpii / "annot/gt_valid.mat").write_text("x" * 200), "cannot be read as"),
        (lambda mpii: spoil_mat(mpii, headboxes_src=None), "no array 'headboxes_src' with 3 axes"),
        (lambda mpii: spoil_mat(mpii, jnt_missing=np.zeros((16, 8))), "shape .*does not fit"),
        (
            lambda mpii: spoil_mat(mpii, dataset_joints=np.array([["x"] * 16], dtype=object)),
            "no joint 'rank' in dataset_joints",
        ),
        (no_head_box, r"gives annotation 6 \(.*002.png\) of mpii_keypoints_val a head box without"),
        (
            lambda mpii: write_mat(
                mpii / "annot/gt_valid.mat",
                json.loads((mpii / "annot/valid.json").read_text())[:7],
                np.full((2, 7), 30.0),
            ),
            "has 7 people, but the annotations of mpii_keypoints_val have 9",
        ),
    ],
)
def test_bad_ground_truth_gets_one_sentence(mpii, spoil, sentence):
    spoil(mpii)
    with pytest.raises(InputError, match=sentence) as error:
        make_evaluator()
    message = str(error.value)
    assert "gt_valid.mat" in message and "\n" not in message and message.endswith(".")


@pytest.mark.parametrize("split", ["train", "trainval"])
def test_other_splits_have_no_head_boxes(mpii, split):
    with pytest.raises(InputError, match=f"mpii_keypoints_{split} cannot be evaluated: PCKh needs"):
        make_evaluator(split)


def test_mat_of_another_order_is_refused(mpii):
    people = json.loads((mpii / "annot/valid.json").read_text())
    write_mat(mpii / "annot/gt_valid.mat", people[::-1], np.full((2, 9), 30.0))
    # The middle one stays in its place.
    with pytest.raises(InputError, match="8 of 9 people have other joints in .*order or split"):
        make_evaluator()


def test_detector_boxes_are_refused(mpii):
    with pytest.raises(InputError, match="INPUT.PERSON_BOXES is detector, but mpii_keypoints_val"):
        make_evaluator(person_boxes="detector")


def test_joints_may_stand_in_another_order_in_the_mat(mpii):
    order = np.random.default_rng(0).permutation(16)
    mat = loadmat(mpii / "annot/gt_valid.mat")
    spoil_mat(
        mpii,
        dataset_joints=np.array([np.array(MPII_CODES)[order]], dtype=object),
        jnt_missing=mat["jnt_missing"][order],
        pos_gt_src=mat["pos_gt_src"][order],
    )
    results = evaluate(predict("mpii_keypoints_val", noise=0.0))
    assert set(results["keypoints"].values()) == {100.0}


def test_built_by_the_metadata(mpii):
    cfg = get_cfg()
    add_adaanchor_config(cfg)
    evaluator = build_evaluator(cfg, "mpii_keypoints_val", None, has_confidence=True)
    assert isinstance(evaluator, MpiiEvaluator)
