import pytest

from adaanchor_d2.engine.config_file import load_config
from adaanchor_d2.errors import InputError
from adaanchor_d2.experiments.rows import (
    BASELINES,
    KNOWN_ROWS,
    missing_baselines,
    parse_rows,
)

ADA = "configs/coco_single/ada_R50_256x192.yaml"


def head_of(row):
    return load_config(row.config_file, row.options).MODEL.KEYPOINT_HEAD


def test_known_rows_are_table_1():
    rows = {row.name: row for row in parse_rows(list(KNOWN_ROWS), ADA)}
    heads = {name: head_of(row) for name, row in rows.items()}
    assert {name: head.NAME for name, head in heads.items()} == {
        "ada": "AdaAnchor",
        "fix": "FixAnchor",
        "heatmap_subpixel": "HeatmapAnchor",
        "heatmap_rounded": "HeatmapAnchor",
        "regression": "RegressionAnchor",
        "ada_add": "AdaAnchor",
        "ada_single_anchor": "AdaAnchor",
        "ada_no_local": "AdaAnchor",
    }
    assert heads["heatmap_subpixel"].HEATMAP_CENTER == "subpixel"
    assert heads["heatmap_rounded"].HEATMAP_CENTER == "rounded"
    assert (heads["ada"].FUSION, heads["ada_add"].FUSION) == ("mul", "add")
    assert (heads["ada"].NUM_ANCHORS, heads["ada_single_anchor"].NUM_ANCHORS) == (20, 1)
    assert heads["ada"].LOCAL_REFINEMENT and not heads["ada_no_local"].LOCAL_REFINEMENT
    assert set(BASELINES) <= set(rows)


def test_a_known_row_starts_from_its_rules_config_beside_the_given_one():
    fix, ada_add = parse_rows(["fix", "ada_add"], ADA)
    assert fix.config_file == "configs/coco_single/fix_R50_256x192.yaml"
    assert ada_add.config_file == ADA
    # No FixAnchor config is beside this one, and a config of another name is taken as it is.
    alone = "configs/coco_single/ada_hrnet_w32_256x192.yaml"
    assert parse_rows(["fix"], alone)[0].config_file == alone
    other = "configs/coco_single/Base-COCO-R50.yaml"
    assert parse_rows(["fix"], other)[0].config_file == other


def test_rows_of_ones_own():
    row, changed, of_file = parse_rows(
        [
            "wide=MODEL.NECK.CHANNELS,128,SOLVER.STEPS,(10, 20)",
            "fix=SOLVER.BASE_LR,0.1",
            "mine=configs/quickstart/heatmap.yaml,SEED,3",
        ],
        ADA,
    )
    assert (row.title, row.config_file) == ("wide", ADA)
    assert row.options == ["MODEL.NECK.CHANNELS", "128", "SOLVER.STEPS", "(10, 20)"]
    assert changed.options == ["MODEL.KEYPOINT_HEAD.NAME", "FixAnchor", "SOLVER.BASE_LR", "0.1"]
    assert (of_file.config_file, of_file.options) == (
        "configs/quickstart/heatmap.yaml",
        ["SEED", "3"],
    )


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        (["ada", "unknown"], "--rows names unknown, but known are ada, fix"),
        (["ada", "ada=SEED,1"], "--rows names ada more than once"),
        (["x=SEED"], "'x=SEED' is not of the form"),
        (["../x=SEED,1"], "begins with no name"),
        (["=SEED,1"], "begins with no name"),
    ],
)
def test_what_is_no_row(texts, sentence):
    with pytest.raises(InputError, match=sentence):
        parse_rows(texts, ADA)


def test_missing_baselines():
    assert missing_baselines(parse_rows(["ada"], ADA)) == list(BASELINES)
    assert missing_baselines(parse_rows(["fix", "heatmap_rounded"], ADA)) == ["heatmap_subpixel"]
