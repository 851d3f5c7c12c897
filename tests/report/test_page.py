"""The page as text: nothing from outside, nothing unescaped, and a sentence for what is missing."""

import json
import re
import shutil

import pytest
from helpers.report_sets import evaluation, write_run

from adaanchor_d2.report import load_runs, write_report
from adaanchor_d2.visualization.styles import COLORS

from .conftest import TITLES


@pytest.fixture(scope="module")
def text(report):
    return report.page.read_text(encoding="utf-8")


def test_nothing_comes_from_outside(text):
    assert "://" not in text
    for link in re.findall(r"""(?:src|href|action|poster|data)=["']([^"']*)""", text):
        assert link.startswith(("#", "data:")), link[:80]
    assert not re.search(r"@import|url\((?!#)", text)
    assert "default-src 'none'" in text


def test_titles_and_paths_are_escaped(text):
    assert TITLES[1] not in text
    assert "&lt;/script&gt;&lt;script&gt;document.title" in text
    data = re.search(r'<script type="application/json"[^>]*>(.*?)</script>', text, re.DOTALL)[1]
    assert [run["title"] for run in json.loads(data)[0]["runs"]] == list(TITLES)


def test_every_run_colour_is_defined_for_both_schemes(text):
    for number in range(len(COLORS)):
        assert len(re.findall(rf"--run-{number}: #", text)) == 2


def test_figures_stand_side_by_side_and_the_best_is_marked(text):
    row = re.search(r"<tr><th scope=\"row\">AP <.*?</tr>", text, re.DOTALL)[0]
    assert "40.00" in row and "30.00" in row
    assert re.findall(r'class="best">([\d.]+)', row) == ["40.00"]
    assert "MODEL.KEYPOINT_HEAD.NAME" in text and "INPUT.CROP_SIZE" not in text


def test_what_a_run_lacks_is_said(report):
    notes = report.sets[0].notes
    assert f"{TITLES[1]} gives no confidence: all its scores are the same." in notes["calibration"]
    assert any("No AP over gamma" in note for note in notes["thresholds"])


def write_and_read(folder, tmp_path, **options):
    page = tmp_path / "report.html"
    (found,) = write_report(load_runs([folder]), page, **options)
    text = page.read_text()
    for notes in found.notes.values():
        assert all(note.replace("'", "&#39;") in text for note in notes)
    return found


def test_runs_without_data_or_results_are_still_reported(runs_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("DETECTRON2_DATASETS", str(tmp_path / "nowhere"))
    records = [evaluation(9, keypoints__AP=30.0), evaluation(19, keypoints__AP=50.0)]
    for name in ("moved", "fresh"):
        write_run(tmp_path / name, records)
    found = write_and_read(tmp_path / "moved", tmp_path)
    assert "is not there" in found.notes["gallery"][0] and found.gallery is None
    assert found.tables[0].rows[0].cells == ["50.00"]
    (tmp_path / "fresh" / "metrics.json").unlink()
    shutil.copytree(runs_folder / "datasets", tmp_path / "datasets")
    found = write_and_read(tmp_path / "fresh", tmp_path)
    assert found.notes["results"] == ["fresh has no metrics.json: no figures."]
    assert found.notes["gallery"] == ["fresh has no inference/coco_instances_results.json."]


def test_a_gallery_has_no_more_people_than_asked_for(runs_folder, tmp_path):
    found = write_and_read(runs_folder / "ada", tmp_path, gallery_limit=10)
    assert found.gallery["count"] == 10
    assert found.notes["gallery"][0].startswith("10 of 150 people: half of them")
    found = write_and_read(runs_folder / "ada", tmp_path, gallery_limit=0)
    assert found.gallery is None


def test_a_broken_result_file_is_named_and_the_rest_is_shown(runs_folder, tmp_path):
    folder = tmp_path / "runs"
    shutil.copytree(runs_folder / "ada", folder / "ada")
    shutil.copytree(runs_folder / "datasets", folder / "datasets")
    path = folder / "ada" / "inference" / "coco_instances_results.json"
    path.write_text("[]")
    found = write_and_read(folder, tmp_path)
    assert str(path) in found.notes["gallery"][0] and found.tables


def test_a_run_looks_the_same_in_all_parts_of_a_page_with_several_test_sets(tmp_path):
    sets = ("synthetic_people_val", "synthetic_crowds_val")
    for name, test_set in zip(("first", "second"), sets, strict=True):
        figures = {f"keypoints_gamma{gamma}__AP": 10.0 for gamma in (0.1, 0.5)}
        records = [evaluation(n, keypoints__AP=10.0, **figures) for n in (9, 19)]
        write_run(tmp_path / name, records, DATASETS__TEST=[test_set])
    page = tmp_path / "report.html"
    _, second = write_report(load_runs([tmp_path]), page)
    (chart,) = second.threshold_charts
    assert 'class="group-1"' in chart.svg and 'class="group-0"' not in chart.svg
    chip = re.search(r'data-group="1".*?(var\(--run-\d\))', page.read_text(), re.DOTALL)
    assert chip[1] in chart.svg
