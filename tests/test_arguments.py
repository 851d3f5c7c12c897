import argparse

import pytest

from adaanchor_d2.arguments import count, count_or_none, output_file, output_folder, threshold


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [(threshold, "0.3", 0.3), (count, "12", 12), (count_or_none, "0", 0), (count_or_none, "7", 7)],
)
def test_what_is_meant(kind, text, value):
    assert kind(text) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        *((threshold, text) for text in ("-1", "2", "nan", "much")),
        *((count, text) for text in ("0", "-1", "1.5", "few")),
        *((count_or_none, text) for text in ("-1", "1.5", "few")),
    ],
)
def test_what_cannot_be_meant_is_refused(kind, text):
    with pytest.raises(argparse.ArgumentTypeError, match=f"not {text}"):
        kind(text)


def test_places_to_write_to(tmp_path):
    (tmp_path / "file").touch()
    assert output_folder(f"{tmp_path}/new/one") == tmp_path / "new/one"
    assert output_file(f"{tmp_path}/new/a.json") == tmp_path / "new/a.json"
    assert output_file(f"{tmp_path}/file") == tmp_path / "file"
    for kind, place in (
        (output_folder, "file"),
        (output_folder, "file/a"),
        (output_file, "file/a"),
    ):
        with pytest.raises(argparse.ArgumentTypeError, match="/file is no folder"):
            kind(f"{tmp_path}/{place}")
    with pytest.raises(argparse.ArgumentTypeError, match="that is a folder"):
        output_file(str(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("tool", "flag", "value"),
    [
        ("visualize_json_results.py", "--limit", "-1"),
        ("visualize_json_results.py", "--conf-threshold", "2"),
        ("../demo/demo.py", "--confidence-threshold", "-1"),
        ("../demo/demo.py", "--box-threshold", "1.5"),
    ],
)
def test_commands_refuse_it_by_the_flag(tool, flag, value, run_tool, capsys):
    assert run_tool(tool, "--input", "a", "--output", "b", flag, value) == 2
    assert f"argument {flag}: must be a" in capsys.readouterr().err
