"""Finding output folders, and reading their settings and figures."""

import pytest
from helpers.report_sets import evaluation, write_run

from adaanchor_d2.errors import InputError
from adaanchor_d2.report import load_runs


def titles(*folders, names=()):
    return [run.title for run in load_runs(folders, names)]


def test_a_folder_is_a_run_or_holds_some_below(tmp_path):
    write_run(tmp_path / "quick" / "FixAnchor", [])
    write_run(tmp_path / "quick" / "AdaAnchor", [])
    for seed in (0, 1):
        write_run(tmp_path / "grid" / "ada" / f"seed{seed}", [])
    (tmp_path / "quick" / "datasets").mkdir()
    assert titles(tmp_path / "quick") == ["AdaAnchor", "FixAnchor"]
    assert titles(tmp_path / "quick" / "AdaAnchor") == ["AdaAnchor"]
    assert titles(tmp_path / "grid") == ["seed0", "seed1"]
    both = titles(tmp_path / "quick", tmp_path / "grid")
    assert both == ["quick/AdaAnchor", "quick/FixAnchor", "grid/ada/seed0", "grid/ada/seed1"]
    assert titles(tmp_path / "quick", names=["one", "two"]) == ["one", "two"]


def test_settings_and_the_last_evaluation_are_read(tmp_path):
    records = [
        evaluation(9, keypoints__AP=30.0),
        {**evaluation(19, keypoints__AP=40.0, keypoints_gamma02__AP=1.0, visibility__VisError=2.0)},
        {"iteration": 20, "anchors/displacement_px": 3.0},
    ]
    folder = write_run(tmp_path / "run", records, INPUT__CROP_SIZE=[80, 64], SEED=3)
    (run,) = load_runs([folder])
    assert run.config["INPUT.CROP_SIZE"] == [80, 64] and run.config["SEED"] == 3
    assert run.tasks == {
        "keypoints": {"AP": 40.0},
        "keypoints_gamma02": {"AP": 1.0},
        "visibility": {"VisError": 2.0},
    }
    assert run.last_evaluation["iteration"] == 19
    assert run.inference_folder == folder / "inference"


def test_with_several_test_sets_the_first_one_is_looked_at(tmp_path):
    folder = write_run(tmp_path / "run", [], DATASETS={"TEST": ["a", "b"]})
    (run,) = load_runs([folder])
    assert run.test_set == "a" and run.inference_folder == folder / "inference" / "a"


def test_what_is_no_run_is_told_in_one_sentence(tmp_path):
    run = write_run(tmp_path / "run", [])
    (tmp_path / "empty").mkdir()
    broken = write_run(tmp_path / "broken", [])
    (broken / "config.yaml").write_text("a: !!python/object/apply:os.getcwd []")
    for folders, names, sentence in (
        ([tmp_path / "absent"], (), f"{tmp_path / 'absent'} is no folder."),
        ([tmp_path / "empty"], (), f"{tmp_path / 'empty'} holds no run"),
        ([run, run], (), f"{run} is among the runs more than once."),
        ([run], ("a", "b"), "--titles has 2 names, but there are 1 runs"),
        ([run, tmp_path / "broken"], ("a", "a"), "--titles gives the name a twice."),
        ([broken], (), f"{broken / 'config.yaml'} is no valid yaml"),
    ):
        with pytest.raises(InputError) as error:
            load_runs(folders, names)
        assert str(error.value).startswith(sentence)
