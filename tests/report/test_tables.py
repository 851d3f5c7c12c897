"""Which figures are marked as best, and which settings are shown."""

from pathlib import Path

from adaanchor_d2.report.runs import Run
from adaanchor_d2.report.seeds import Group
from adaanchor_d2.report.tables import evaluation_tables, setting_rows


def group(title, *evaluations, **config):
    """A group of one run for each dict of figures."""
    runs = [
        Run(f"{title}{n}", Path(title), config, [{"iteration": 9, "keypoints/x": 0.0, **figures}])
        for n, figures in enumerate(evaluations)
    ]
    return Group(title, tuple(runs))


def rows_of(groups, task, evaluator_type="coco_keypoints"):
    (table,) = (t for t in evaluation_tables(groups, evaluator_type) if t.task == task)
    return {row.name: row for row in table.rows}


def test_the_better_end_is_marked_where_there_is_one():
    groups = [
        group("a", {"keypoints/AP": 30.0, "confidence/ECE": 0.2, "visibility/InvScore": 0.5}),
        group("b", {"keypoints/AP": 40.0, "confidence/ECE": 0.1, "visibility/InvScore": 0.9}),
    ]
    assert rows_of(groups, "keypoints")["AP"].best == [False, True]
    ece = rows_of(groups, "confidence")["ECE"]
    assert ece.best == [False, True] and ece.better == "min" and ece.cells == ["0.200", "0.100"]
    # A high mean score is neither good nor bad.
    score = rows_of(groups, "visibility")["InvScore"]
    assert score.better is None and score.best == [False, False]


def test_the_same_figure_has_another_better_end_in_another_benchmark():
    groups = [group("a", {"keypoints/NME": 3.0}), group("b", {"keypoints/NME": 4.0})]
    assert rows_of(groups, "keypoints", "wflw_landmarks")["NME"].best == [True, False]
    assert rows_of(groups, "keypoints", "coco_keypoints")["NME"].best == [False, False]


def test_equal_numbers_are_marked_together_and_none_where_nothing_is_worse():
    groups = [group("a", {"keypoints/AP": 40.001}), group("b", {"keypoints/AP": 40.0})]
    worse = group("c", {"keypoints/AP": 39.0})
    assert rows_of([*groups, worse], "keypoints")["AP"].best == [True, True, False]
    assert rows_of([*groups, group("d", {})], "keypoints")["AP"].best == [False] * 3
    alone = [groups[0], group("b", {})]
    ap = rows_of(alone, "keypoints")["AP"]
    assert ap.best == [False, False] and ap.cells == ["40.00", "–"]


def test_what_lies_within_a_standard_deviation_of_seeds_is_marked_too():
    seeds = [{"keypoints/AP": 39.0}, {"keypoints/AP": 41.0}]  # 40 ± 1.41
    near, far = group("near", {"keypoints/AP": 38.7}), group("far", {"keypoints/AP": 38.5})
    ap = rows_of([group("a", *seeds), near, far], "keypoints")["AP"]
    assert ap.cells[0] == "40.00 ± 1.41" and ap.best == [True, True, False]


def test_pixels_of_inputs_of_different_sizes_are_not_compared():
    figures = {"visibility/VisError": 3.0}, {"visibility/VisError": 4.0}
    sizes = {"INPUT.CROP_SIZE": [80, 64]}, {"INPUT.CROP_SIZE": [256, 192]}
    for size, best in ((sizes[0], [True, False]), (sizes[1], [False, False])):
        groups = [group("a", figures[0], **sizes[0]), group("b", figures[1], **size)]
        assert rows_of(groups, "visibility")["VisError"].best == best


def test_main_figures_come_first_in_their_own_order():
    figures = {"confidence/ECE": 0.1, "keypoints/AR": 1.0, "keypoints/AP": 1.0}
    tables = evaluation_tables([group("a", figures)], "coco_keypoints")
    assert [table.task for table in tables] == ["keypoints", "confidence"]
    assert [row.name for row in tables[0].rows] == ["AP", "AR", "x"]


def test_only_settings_that_differ_are_shown():
    first = group("a", {}, A=1, B=[1, 2], OUTPUT_DIR="x")
    second = group("b", {}, A=1, B=[1, 3], C="", OUTPUT_DIR="y")
    assert setting_rows([first, second]) == [("B", ["[1, 2]", "[1, 3]"]), ("C", ["–", '""'])]
