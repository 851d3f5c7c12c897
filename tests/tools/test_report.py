"""The command that writes the report."""

import pytest
from helpers.report_sets import evaluation, write_run


def test_it_writes_the_page_and_says_what_is_missing(run_tool, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("DETECTRON2_DATASETS", str(tmp_path))
    for name in ("ada", "fix"):
        write_run(tmp_path / "runs" / name, [evaluation(9, keypoints__AP=30.0)])
    page = tmp_path / "new" / "report.html"
    arguments = ("--runs", tmp_path / "runs", "--titles", "one & two", "three", "--output", page)
    assert run_tool("report.py", *arguments) == 0
    printed = capsys.readouterr().out
    assert str(page) in printed and "synthetic_people_val" in printed
    assert "one &amp; two" in page.read_text()


def test_what_is_no_run_is_one_sentence(run_tool, capsys, tmp_path):
    status = run_tool("report.py", "--runs", tmp_path, "--output", tmp_path / "report.html")
    error = capsys.readouterr().err
    assert status == 2 and error.startswith(f"error: {tmp_path} holds no run")
    assert error.count("\n") == 1 and not (tmp_path / "report.html").exists()


@pytest.mark.parametrize("where", ["folder", "folder/report.html/page.html"])
def test_a_page_that_cannot_be_written_is_named(run_tool, capsys, tmp_path, where, monkeypatch):
    monkeypatch.setenv("DETECTRON2_DATASETS", str(tmp_path))
    run = write_run(tmp_path / "run", [])
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "report.html").write_text("")
    assert run_tool("report.py", "--runs", run, "--output", tmp_path / where) == 2
    error = capsys.readouterr().err
    assert str(tmp_path / "folder") in error


@pytest.mark.parametrize(
    "line", ["[1, 2]", '{"iteration": 9, "keypoints/AP": "abc"}', '{"keypoints/AP": 3}']
)
def test_metrics_that_are_no_numbers_are_named(run_tool, capsys, tmp_path, line):
    run = write_run(tmp_path / "run", [evaluation(9, keypoints__AP=30.0)])
    with (run / "metrics.json").open("a") as file:
        file.write(line + "\n")
    assert run_tool("report.py", "--runs", run, "--output", tmp_path / "r.html") == 2
    error = capsys.readouterr().err
    assert (
        error
        == f"error: {run / 'metrics.json'}: line 2 is no object of numbers with an iteration.\n"
    )


def test_metrics_cut_short_by_a_crash_are_read_as_far_as_they_go(run_tool, capsys, tmp_path):
    run = write_run(tmp_path / "run", [evaluation(9, keypoints__AP=30.0)])
    with (run / "metrics.json").open("ab") as file:
        file.write(b'{"iteration": 19, \xff\n')
    assert run_tool("report.py", "--runs", run, "--output", tmp_path / "r.html") == 0
