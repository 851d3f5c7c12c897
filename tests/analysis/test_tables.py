import csv
import json

import numpy as np
import pytest
from helpers.annotated_people import read_people, write_results

from adaanchor_d2.analysis import ERROR_KINDS, load_matched_keypoints
from adaanchor_d2.analysis.figures import compute_figures
from adaanchor_d2.analysis.files import write_figures
from adaanchor_d2.analysis.tables import format_tables, short_names
from adaanchor_d2.data.skeletons import get_skeleton

COCO = get_skeleton("coco")


@pytest.mark.parametrize(
    ("files", "names"),
    [
        (["a.json"], ["a.json"]),
        (["out/ada/inference/r.json"], ["r.json"]),
        (["out/ada/inference/r.json", "out/fix/inference/r.json"], ["ada", "fix"]),
        (["out/ada/seed0/r.json", "out/fix/seed1/r.json"], ["ada/seed0", "fix/seed1"]),
        (["a.json", "b.json"], ["a.json", "b.json"]),
        (["r.json", "ada/r.json"], ["r.json", "ada/r.json"]),
        (["x/x/r.json", "x/r.json"], ["x/r.json", "r.json"]),
        (["out/ada/inference/coco_instances_results.json"], ["ada"]),
        (["ada/inference/coco_instances_results.json", "theirs.json"], ["ada", "theirs.json"]),
        (
            ["a/coco_instances_results.json", "a/inference/coco_instances_results.json"],
            ["coco_instances_results.json", "inference/coco_instances_results.json"],
        ),
        (["coco_instances_results.json"], ["coco_instances_results.json"]),
    ],
)
def test_files_are_called_by_what_tells_them_apart(files, names):
    assert short_names(files) == names


@pytest.fixture
def figures(made_up, tmp_path):
    gt_file, _ = made_up
    people = read_people(gt_file)
    rng = np.random.default_rng(0)
    both = {}
    for name, noise in (("ours", 3), ("theirs", 9)):
        xy = people["keypoints"][..., :2] + rng.normal(0, noise, people["keypoints"][..., :2].shape)
        score = rng.uniform(0.1, 1, xy.shape[:2])
        results_file = write_results(tmp_path / "r.json", people, xy, score, keypoint_anchors=xy)
        keypoints = load_matched_keypoints(str(gt_file), str(results_file), COCO)
        both[name] = compute_figures(keypoints, COCO.names)
    return both


def test_tables_show_the_files_side_by_side(figures):
    text = format_tables(figures)
    tables = dict(block.split("\n", 1) for block in text.split("\n\n"))
    hidden = tables["Hidden keypoints"]
    for line, name in zip(hidden.splitlines()[2:], ("ours", "theirs"), strict=True):
        values = figures[name]["groups"]["hidden"]
        assert line.split()[0] == name and line.split()[-1] == f"{values['AUROC']:.3f}"
        assert f" {values['error']:.3f} " in line
    joints = tables["Visible keypoints by joint"].splitlines()
    assert len(joints) == 3 + 17
    error = figures["theirs"]["per_joint"]["left_hip"]["visible"]["error"]
    assert f" {error:.2f} " in next(line for line in joints if line.startswith("left_hip"))
    assert "All keypoints by joint" not in tables
    curves = figures["ours"]["precision_recall"]["visible"]
    shown = f"{100 * curves['precision'][50]:.1f} / {100 * curves['recall'][50]:.1f}"
    title = "Precision / recall in percent of visible keypoints with a score of at least gamma"
    assert shown in tables[title]
    assert any(title.startswith("AUROC of what tells hidden") for title in tables)
    assert not any(title.startswith("Spread") for title in tables)


def test_files_hold_all_figures(figures, tmp_path):
    json_file, csv_file = write_figures(figures, str(tmp_path))
    with open(json_file) as file:
        assert json.load(file) == figures
    with open(csv_file, newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * 17 * 3
    row = next(
        r for r in rows if (r["file"], r["joint"], r["group"]) == ("theirs", "left_hip", "hidden")
    )
    values = figures["theirs"]["per_joint"]["left_hip"]["hidden"]
    assert float(row["error"]) == values["error"] and row["good"] == ""
    row = next(r for r in rows if (r["file"], r["joint"], r["group"]) == ("ours", "nose", "all"))
    kinds = {kind: int(row[kind]) for kind in ERROR_KINDS}
    assert kinds == figures["ours"]["errors_per_joint"]["nose"]
