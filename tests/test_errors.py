import pytest

from adaanchor_d2.errors import name_first, run_command


def test_few_are_named_and_the_rest_counted():
    assert name_first([7, 8, 9, 10, 11]) == "7, 8, 9, 10, 11"
    assert name_first(["a", "b", "c", "d", "e", "f", "g"]) == "a, b, c, d, e and 2 more"


def test_a_file_that_cannot_be_written_is_named(tmp_path, capsys):
    with pytest.raises(SystemExit) as exit_:
        run_command(lambda: (tmp_path / "no folder" / "file").write_text("x"))
    assert exit_.value.code == 2
    assert capsys.readouterr().err.endswith("no folder/file: No such file or directory.\n")
