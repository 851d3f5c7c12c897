"""Which run has which look."""

import pytest

from adaanchor_d2.visualization.styles import COLORS, run_styles

RULES = ("AdaAnchor", "FixAnchor", "HeatmapAnchor", "RegressionAnchor")


def colors(*runs):
    return [style["color"] for style in run_styles(runs).values()]


def test_a_rule_has_its_colour_and_marker_whatever_else_is_shown():
    alone = {rule: run_styles([rule])[rule] for rule in RULES}
    assert run_styles(["theirs", *reversed(RULES)]).items() >= alone.items()
    assert [alone[rule]["color"] for rule in RULES] == list(COLORS[:4])
    assert len({look["marker"] for look in alone.values()}) == 4


@pytest.mark.parametrize(
    "name", ["AdaAnchor, k = 4", "runs/ada/seed1", "ada", "ada_add", "heat_study/ada"]
)
def test_names_that_hold_a_rules_name_have_its_colour(name):
    assert colors("ours", name)[1] == COLORS[0]


@pytest.mark.parametrize("name", ["HeatmapAnchor", "coco_heatmap", "heatmap_subpixel", "heat_s1"])
def test_heatmaps_are_known_by_their_short_name_too(name):
    assert colors(name) == [COLORS[2]]


@pytest.mark.parametrize("name", ["adaptive", "fixed", "heatmaps", "canada"])
def test_other_names_have_a_colour_that_is_no_rules(name):
    assert colors(name, *RULES)[0] in COLORS[4:]
    assert colors(name)[0] in COLORS[4:]


def test_every_colour_is_used_before_one_comes_again_with_other_dashes():
    runs = ["FixAnchor", *map(str, range(len(COLORS)))]
    styles = list(run_styles(runs).values())
    assert {style["color"] for style in styles[:-1]} == set(COLORS)
    assert styles[-1]["color"] == styles[1]["color"]
    assert styles[-1]["linestyle"] != styles[1]["linestyle"]


def test_runs_of_one_rule_differ_in_their_dashes():
    styles = run_styles(["ada", "ada_add", "ada_no_local"]).values()
    assert len({style["linestyle"] for style in styles}) == 3
