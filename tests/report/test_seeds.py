"""Which runs are seeds of one setting."""

from pathlib import Path

from adaanchor_d2.report.runs import Run
from adaanchor_d2.report.seeds import group_seeds


def run(title, seed, **config):
    return Run(title, Path(title), {"SEED": seed, "OUTPUT_DIR": title, **config}, [])


def grouped(*runs):
    return {group.title: [run.title for run in group.runs] for group in group_seeds(runs)}


def test_runs_that_differ_in_their_seed_only_are_a_group():
    runs = [run("ada/seed0", 0), run("ada/seed1", 1), run("fix/seed0", 0, NAME="Fix")]
    assert grouped(*runs) == {"ada": ["ada/seed0", "ada/seed1"], "fix/seed0": ["fix/seed0"]}


def test_the_same_seed_twice_is_no_group():
    runs = [run("before", 0), run("after", 0)]
    assert grouped(*runs) == {"before": ["before"], "after": ["after"]}


def test_groups_are_called_by_what_their_titles_share():
    for titles, name in (
        (("ada", "ada_s1"), "ada"),
        (("heat_s0", "heat_s1"), "heat"),
        (("x", "y"), "x"),
    ):
        assert list(grouped(run(titles[0], 0), run(titles[1], 1))) == [name]


def test_seeds_in_one_folder_are_called_by_that_folder():
    runs = [Run(f"seed{n}", Path(f"out/ada/seed{n}"), {"SEED": n}, []) for n in (0, 1)]
    assert [group.title for group in group_seeds(runs)] == ["ada"]


def test_groups_that_would_have_one_name_stay_apart():
    runs = [run("a/1", 0), run("a/2", 1), run("a/3", 0, K=1), run("a/4", 1, K=1)]
    assert list(grouped(*runs)) == ["a/1", "a/2", "a/3", "a/4"]
