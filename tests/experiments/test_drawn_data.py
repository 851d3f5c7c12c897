import pytest

from adaanchor_d2.errors import InputError
from adaanchor_d2.experiments.drawn_data import draw_once


def write(folder, **arguments):
    folder.mkdir()
    (folder / "drawn").write_text(str(arguments))


def test_data_are_drawn_once(tmp_path):
    folder = tmp_path / "people"
    assert draw_once(write, folder, seed=1, num_train=4, workers=2)
    drawn = (folder / "drawn").read_text()
    assert "'workers': 2" in drawn
    assert not draw_once(write, folder, seed=1, num_train=4, workers=1)
    assert (folder / "drawn").read_text() == drawn


def test_other_data_are_refused(tmp_path):
    folder = tmp_path / "people"
    draw_once(write, folder, seed=1, num_train=4)
    with pytest.raises(InputError, match="data drawn with seed 1, num_train 4, but seed 2, num_tr"):
        draw_once(write, folder, seed=2, num_train=4)
    (tmp_path / "people.json").unlink()
    with pytest.raises(InputError, match="holds other data, but seed 1, num_train 4 is asked for"):
        draw_once(write, folder, seed=1, num_train=4)
