import pytest

from adaanchor_d2.errors import InputError
from adaanchor_d2.experiments.rows import parse_rows
from adaanchor_d2.experiments.runs import (
    grid_runs,
    is_finished,
    last_evaluation,
    unfinished_runs,
)

from .finished import CONFIG, write_run


def grid(output_dir, options=("SOLVER.MAX_ITER", "4"), seeds=(0,), rows=("ada",)):
    return grid_runs(parse_rows(rows, CONFIG), seeds, output_dir, list(options))


def test_a_grid_trains_one_seed_of_all_rows_after_the_other(tmp_path):
    runs = grid(tmp_path, seeds=(0, 2), rows=("ada", "fix"))
    assert [str(run.folder.relative_to(tmp_path)) for run in runs] == [
        "ada/seed0",
        "fix/seed0",
        "ada/seed2",
        "fix/seed2",
    ]
    assert runs[3].options[-2:] == ["SEED", "2"] and runs[3].title == "fix, seed 2"


def test_a_finished_run_is_used_again(tmp_path):
    assert unfinished_runs(grid(tmp_path)) == grid(tmp_path)
    write_run(tmp_path / "ada" / "seed0", ["SEED", "0"])
    assert unfinished_runs(grid(tmp_path)) == []
    # Where it was trained, and what was evaluated on the way, makes no other run of it.
    others = ["MODEL.DEVICE", "cuda", "TEST.EVAL_PERIOD", "2", "SOLVER.CHECKPOINT_PERIOD", "9"]
    write_run(tmp_path / "moved" / "ada" / "seed0", others)
    assert unfinished_runs(grid(tmp_path / "moved")) == []


def test_a_finished_run_of_another_config_is_refused(tmp_path):
    write_run(tmp_path / "ada" / "seed0", ["SOLVER.BASE_LR", "0.5"])
    with pytest.raises(InputError, match=r"seed0 holds a finished run with SOLVER.BASE_LR 0.5, "):
        unfinished_runs(grid(tmp_path))
    write_run(tmp_path / "other" / "ada" / "seed1", ["SEED", "0"])
    with pytest.raises(InputError, match="with SEED 0, but 1 is asked for"):
        unfinished_runs(grid(tmp_path / "other", seeds=(1,)))


def test_keys_of_switches_that_are_off_make_no_other_run(tmp_path):
    sigma, quality = "MODEL.KEYPOINT_HEAD.QUALITY_SIGMA", "MODEL.KEYPOINT_HEAD.QUALITY"
    write_run(tmp_path / "ada" / "seed0", [sigma, "3.0", "SEED", "0"])
    assert unfinished_runs(grid(tmp_path)) == []
    write_run(tmp_path / "on" / "ada" / "seed0", [sigma, "3.0", quality, "True", "SEED", "0"])
    with pytest.raises(InputError, match="with MODEL.KEYPOINT_HEAD.QUALITY_SIGMA 3.0, but"):
        unfinished_runs(grid(tmp_path / "on", ("SOLVER.MAX_ITER", "4", quality, "True")))


def test_keys_that_a_finished_run_does_not_know_yet_have_their_defaults(tmp_path):
    folder = write_run(tmp_path / "ada" / "seed0", ["SEED", "0"])
    config = folder / "config.yaml"
    lines = config.read_text().splitlines(keepends=True)
    config.write_text("".join(line for line in lines if "BOX_PADDING" not in line))
    assert unfinished_runs(grid(tmp_path)) == []


@pytest.mark.parametrize("missing", ["config.yaml", "metrics.json", "model_final.pth"])
def test_a_run_without_a_file_is_not_finished(tmp_path, missing):
    folder = write_run(tmp_path / "run")
    assert is_finished(folder)
    (folder / missing).unlink()
    assert not is_finished(folder)


def test_a_run_that_broke_off_is_not_finished(tmp_path):
    folder = write_run(tmp_path / "run", record={"iteration": 2})
    assert not is_finished(folder)
    (folder / "metrics.json").write_text('{"iteration": 3, "total_loss": 1.0}')
    assert not is_finished(folder) and last_evaluation(folder) == {}


def test_the_last_evaluation_counts(tmp_path):
    assert last_evaluation(write_run(tmp_path / "run"))["keypoints/AP"] == 30.0
    assert last_evaluation(tmp_path) == {}
