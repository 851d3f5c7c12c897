"""What is read of the people of a test set, and of what was predicted for them."""

import json

import numpy as np
import pytest
from helpers.crowd_sets import crowd_person, write_crowdpose
from helpers.entry_sets import write_mpii, write_wflw
from helpers.report_sets import LEFT_WRIST, RIGHT_ANKLE, annotated_keypoints, write_run

from adaanchor_d2.data import get_skeleton
from adaanchor_d2.errors import InputError
from adaanchor_d2.report import load_runs
from adaanchor_d2.report.people import load_people
from adaanchor_d2.report.predictions import load_predictions
from adaanchor_d2.report.roots import data_root_of

from .conftest import NUM_PEOPLE


@pytest.fixture
def people(runs_folder):
    with data_root_of(runs_folder / "ada", "synthetic_people_val"):
        return load_people("synthetic_people_val")


def predictions_of(runs_folder, name, people):
    (run,) = load_runs([runs_folder / name])
    with data_root_of(run.folder, run.test_set):
        return load_predictions(run, people)


def test_people_are_read_with_the_radius_of_similarity(people):
    in_file = annotated_keypoints(NUM_PEOPLE)
    assert people.labelled.tolist() == (in_file[..., 2] > 0).tolist()
    labelled = people.labelled
    np.testing.assert_allclose(people.keypoints[labelled, :2], in_file[labelled, :2] + 0.5)
    sigma = get_skeleton("coco").sigmas[LEFT_WRIST]
    # exp(-d^2 / (2 area (2 sigma)^2)) = 0.5, with the area of the annotations, 3,000
    radius = np.sqrt(-2 * np.log(0.5) * 3000) * 2 * sigma
    np.testing.assert_allclose(people.limit[:, LEFT_WRIST], radius)
    assert people.tells_hidden


def test_errors_are_distances_in_units_of_the_radius(runs_folder, people):
    found = predictions_of(runs_folder, "ada", people)
    expected = (1.0 + 0.2 * np.arange(NUM_PEOPLE)) / people.limit[:, LEFT_WRIST]
    labelled = people.labelled[:, LEFT_WRIST]
    np.testing.assert_allclose(found.error[labelled, LEFT_WRIST], expected[labelled], atol=1e-6)
    assert np.isnan(found.error[~people.labelled]).all()
    np.testing.assert_allclose((found.xy - found.anchor)[people.labelled], 3.0)


def test_a_rule_that_scores_everything_alike_gives_no_confidence(runs_folder, people):
    assert predictions_of(runs_folder, "ada", people).score is not None
    found = predictions_of(runs_folder, "other", people)
    assert found.score is None and found.anchor is None
    wrong = found.error > 1
    assert wrong.sum() == (people.labelled[::5, RIGHT_ANKLE]).sum()
    assert not wrong[:, :RIGHT_ANKLE].any()


def test_people_without_results_are_infinitely_far(runs_folder, people, tmp_path):
    run = write_run(tmp_path / "run", [])
    (run / "inference").mkdir()
    results = json.loads(
        (runs_folder / "ada" / "inference" / "coco_instances_results.json").read_text()
    )
    path = run / "inference" / "coco_instances_results.json"
    path.write_text(json.dumps(results[1:]))
    (loaded,) = load_runs([run])
    with data_root_of(runs_folder / "ada", "synthetic_people_val"):
        found = load_predictions(loaded, people)
    assert np.isinf(found.error[0][people.labelled[0]]).all()
    assert np.isfinite(found.error[1:][people.labelled[1:]]).all()
    path.write_text(json.dumps(results)[:-9])
    with (
        data_root_of(runs_folder / "ada", "synthetic_people_val"),
        pytest.raises(InputError, match=str(path)),
    ):
        load_predictions(loaded, people)


def write_entry_predictions(folder, data_set, moved):
    """A run that predicts the annotated places, moved to the right by as many pixels."""
    people = load_people(data_set)
    shift = -0.5 if "mpii" in data_set else 0.5
    run = write_run(folder, [], DATASETS={"TEST": [data_set]})
    places = people.keypoints[..., :2] - shift + [moved, 0.0]
    scores = np.linspace(0, 1, places[..., :1].size).reshape(places[..., :1].shape)
    entries = [
        {"image_id": 1, "annotation_id": int(i), "file_name": "", "keypoints": points.tolist()}
        for i, points in zip(
            people.annotation_id, np.concatenate([places, scores], -1), strict=True
        )
    ]
    (run / "inference").mkdir()
    (run / "inference" / "keypoint_predictions.json").write_text(json.dumps(entries))
    (loaded,) = load_runs([run])
    return people, loaded


def test_faces_are_measured_by_the_distance_of_the_eyes(tmp_path, monkeypatch):
    monkeypatch.setenv("DETECTRON2_DATASETS", str(tmp_path))
    write_wflw(tmp_path / "wflw")
    people, run = write_entry_predictions(tmp_path / "run", "wflw_test", moved=3.0)
    found = load_predictions(run, people)
    eyes = people.keypoints[:, 60, :2] - people.keypoints[:, 72, :2]
    expected = 3.0 / (0.1 * np.linalg.norm(eyes, axis=1))
    np.testing.assert_allclose(found.error, np.repeat(expected[:, None], 98, axis=1))
    assert not people.tells_hidden and found.matched is None


def test_mpii_is_measured_by_the_head_size(tmp_path, monkeypatch):
    monkeypatch.setenv("DETECTRON2_DATASETS", str(tmp_path))
    write_mpii(tmp_path / "mpii")
    people, run = write_entry_predictions(tmp_path / "run", "mpii_keypoints_val", moved=2.0)
    found = load_predictions(run, people)
    np.testing.assert_allclose(found.error[people.labelled], (2.0 / people.limit)[people.labelled])
    # Head boxes of 20 to 60 px a side: 0.5 x 0.6 x the diagonal.
    assert (people.limit > 0.3 * 20 * 2**0.5 - 1).all() and (people.limit < 0.3 * 60 * 2**0.5).all()


def test_crowdpose_does_not_tell_hidden_keypoints(tmp_path, monkeypatch):
    monkeypatch.setenv("DETECTRON2_DATASETS", str(tmp_path))
    nobody_counts = crowd_person(3, 1, [5.0, 5, 30, 40], labelled=(12, 13))
    persons = [crowd_person(1, 1, [2.0, 3, 30, 40]), crowd_person(2, 1, [40.0, 8, 30, 40])]
    write_crowdpose(tmp_path / "crowdpose", {"val": [*persons, nobody_counts]})
    people = load_people("crowdpose_val")
    assert not people.tells_hidden and people.annotation_id.tolist() == [1, 2]
    sigma = get_skeleton("crowdpose").sigmas[0]
    radius = np.sqrt(-2 * np.log(0.5) * 0.53 * 30 * 40) * 2 * sigma
    np.testing.assert_allclose(people.limit[:, 0], radius)


def test_data_sets_that_cannot_be_read_are_named(tmp_path, monkeypatch):
    monkeypatch.setenv("DETECTRON2_DATASETS", str(tmp_path))
    for name, sentence in (("no_such_set", "not registered"), ("wflw_test", "is not there")):
        with pytest.raises(InputError, match=f"{name}.*{sentence}"):
            load_people(name)


def test_data_beside_the_runs_come_before_the_data_root(runs_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("DETECTRON2_DATASETS", str(tmp_path))
    with data_root_of(runs_folder / "ada", "synthetic_people_val"):
        people = load_people("synthetic_people_val")
    assert str(runs_folder) in people.images[0].path
    with pytest.raises(InputError):
        load_people("synthetic_people_val")
