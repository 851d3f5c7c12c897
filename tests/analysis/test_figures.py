"""Figures of whole files: at their limits, by hand, against the evaluators."""

import json
from dataclasses import replace

import numpy as np
import pytest
from helpers.annotated_people import read_people, write_people, write_results

from adaanchor_d2.analysis import load_matched_keypoints
from adaanchor_d2.analysis.figures import compute_figures
from adaanchor_d2.data.skeletons import get_skeleton

COCO = get_skeleton("coco")


def figures_of(gt_file, folder, xy=None, score=1.0, **fields):
    people = read_people(gt_file)
    xy = people["keypoints"][..., :2] if xy is None else xy
    results_file = write_results(folder / "results.json", people, xy, score, **fields)
    keypoints = load_matched_keypoints(str(gt_file), str(results_file), COCO)
    return compute_figures(keypoints, COCO.names), keypoints


@pytest.mark.parametrize("data_set", ["made_up", "coco_sample"])
def test_annotations_as_results_are_at_the_limits(request, tmp_path, data_set):
    gt_file, _ = request.getfixturevalue(data_set)
    figures, _ = figures_of(gt_file, tmp_path, score=1.0)
    for group in ("all", "visible", "hidden"):
        values = figures["groups"][group]
        assert values["error"] == pytest.approx(0, abs=1e-9) and values["right"] == 100
        assert values["ECE"] == 0 and values["AUROC"] is None
        assert figures["errors"][group]["good"] == values["count"] == values["located"]
        curves = figures["precision_recall"][group]
        assert set(curves["precision"]) == set(curves["recall"]) == {1.0}
    assert "All located keypoints are right, so there is no AUROC." in figures["notes"]
    doubted, _ = figures_of(gt_file, tmp_path, score=0.25)
    assert doubted["groups"]["all"]["ECE"] == pytest.approx(0.75)


def test_scores_that_know_are_at_the_limits_and_scores_that_know_nothing_too(made_up, tmp_path):
    gt_file, _ = made_up
    people = read_people(gt_file)
    wrong = np.random.default_rng(0).uniform(size=people["keypoints"].shape[:2]) < 0.3
    xy = people["keypoints"][..., :2] + wrong[..., None] * 200.0
    figures, keypoints = figures_of(gt_file, tmp_path, xy, score=np.where(wrong, 1e-4, 1.0))
    values = figures["groups"]["all"]
    assert values["AUROC"] == 1 and values["ECE"] == pytest.approx(0, abs=1e-4)
    assert values["right"] == pytest.approx(100 * keypoints.correct.mean())
    worst, _ = figures_of(gt_file, tmp_path, xy, score=np.where(wrong, 1.0, 1e-4))
    assert worst["groups"]["all"]["AUROC"] == 0
    assert worst["groups"]["all"]["ECE"] == pytest.approx(1, abs=1e-3)
    blind, _ = figures_of(gt_file, tmp_path, xy, score=0.5)
    assert blind["groups"]["all"]["AUROC"] == 0.5
    assert any("the score 0.5, which tells nothing" in note for note in blind["notes"])


def test_predicted_people_who_are_nobody_are_counted_and_said_to_be_left_out(made_up, tmp_path):
    gt_file, _ = made_up
    people = {name: np.concatenate([v, v]) for name, v in read_people(gt_file).items()}
    results_file = write_results(tmp_path / "twice.json", people, people["keypoints"][..., :2])
    keypoints = load_matched_keypoints(str(gt_file), str(results_file), COCO)
    half = len(people["area"]) // 2
    notes = compute_figures(keypoints, COCO.names)["notes"]
    assert notes[0].startswith(f"predicted people matched to nobody: {half} of {2 * half}.")


def test_groups_joints_and_curves_are_those_of_the_keypoints(made_up, tmp_path):
    gt_file, _ = made_up
    people = read_people(gt_file)
    rng = np.random.default_rng(1)
    xy = people["keypoints"][..., :2] + rng.normal(0, 8, people["keypoints"][..., :2].shape)
    figures, keypoints = figures_of(gt_file, tmp_path, xy, score=rng.uniform(0.01, 1, xy.shape[:2]))
    hidden = keypoints.v == 1
    wrists = hidden & (keypoints.kind == COCO.names.index("left_wrist"))
    values = figures["per_joint"]["left_wrist"]["hidden"]
    assert values["count"] == wrists.sum() > 5
    assert values["error"] == pytest.approx(keypoints.distance[wrists].mean())
    assert values["score"] == pytest.approx(keypoints.score[wrists].mean())
    relative = keypoints.distance[wrists] / np.sqrt(keypoints.area[wrists])
    assert values["relative_error"] == pytest.approx(100 * relative.mean())
    accepted = hidden & (keypoints.score >= 0.3)
    curves = figures["precision_recall"]["hidden"]
    row = figures["gammas"].index(0.3)
    assert curves["precision"][row] == pytest.approx(keypoints.correct[accepted].mean())
    assert curves["recall"][row] == pytest.approx(keypoints.correct[accepted].sum() / hidden.sum())
    bins = figures["reliability"]["hidden"]
    assert sum(bins["count"]) == hidden.sum() and len(bins["count"]) == 15
    assert (
        sum(figures["errors_per_joint"]["left_wrist"].values())
        == (figures["per_joint"]["left_wrist"]["all"]["count"])
    )
    json.dumps(figures, allow_nan=False)


def test_the_anchor_and_the_spread_tell_what_they_tell(made_up, tmp_path):
    gt_file, _ = made_up
    people = read_people(gt_file)
    xy, v = people["keypoints"][..., :2].copy(), people["keypoints"][..., 2]
    wrong = np.random.default_rng(0).uniform(size=v.shape) < 0.3
    xy[wrong] += 100
    anchors = xy + np.where(v == 1, 6, 2)[..., None] * [1, 0]
    spread = np.where(wrong, 3.0, 1.0)
    figures, _ = figures_of(
        gt_file, tmp_path, xy, 0.5, keypoint_anchors=anchors, keypoint_spread=spread
    )
    assert figures["anchors"]["displacement"] == pytest.approx(
        {"all": np.where(v[v > 0] == 1, 6, 2).mean(), "visible": 2, "hidden": 6}
    )
    assert figures["anchors"]["hidden_AUROC"]["displacement"] == 1
    assert figures["anchors"]["hidden_AUROC"]["low score"] == 0.5
    assert figures["spread"]["all"]["AUROC"] > 0.95
    without, _ = figures_of(gt_file, tmp_path, xy)
    assert "anchors" not in without and "spread" not in without


@pytest.mark.parametrize("visibilities", [(0, 2), (0, 1)])
def test_flags_that_do_not_tell_visible_from_hidden_split_nothing(tmp_path, visibilities):
    gt_file = write_people(tmp_path / "gt.json", visibilities=visibilities)
    figures, _ = figures_of(gt_file, tmp_path)
    assert set(figures["groups"]) == {"all"}
    sentence = f"(labelled ones have v = {visibilities[1]}), so nothing is split by visibility."
    assert any(note.endswith(sentence) for note in figures["notes"])


def test_places_outside_are_a_group(made_up, tmp_path):
    gt_file, _ = made_up
    _, keypoints = figures_of(gt_file, tmp_path)
    assert not keypoints.outside.any()
    far = replace(keypoints, outside=keypoints.kind == 3)
    figures = compute_figures(far, COCO.names)
    assert figures["groups"]["outside"]["count"] == (keypoints.kind == 3).sum()
