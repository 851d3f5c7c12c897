"""Writing a data set: what it depends on, and what may not be overwritten."""

import pytest

from adaanchor_d2.data.synthetic import write_synthetic_people
from adaanchor_d2.data.synthetic_layouts import writer
from adaanchor_d2.errors import InputError

from .files import files_of

NUM_TRAIN, NUM_VAL = 10, 4


def write(output, **changes):
    write_synthetic_people(output, **{"num_train": NUM_TRAIN, "num_val": NUM_VAL, **changes})
    return output


@pytest.fixture(scope="module")
def data_set(tmp_path_factory):
    return write(tmp_path_factory.mktemp("people") / "synthetic_people", seed=3)


def test_same_seed_gives_same_bytes_and_workers_do_not_matter(data_set, tmp_path):
    again = files_of(write(tmp_path / "two_workers", seed=3, workers=2))
    assert again == files_of(data_set)


def test_another_seed_gives_other_pictures(data_set, tmp_path):
    first, other = files_of(data_set), files_of(write(tmp_path / "other", seed=4))
    assert first.keys() == other.keys()
    assert all(first[name] != other[name] for name in first)


def test_a_picture_does_not_depend_on_the_number_of_pictures(data_set, tmp_path):
    fewer = files_of(write(tmp_path / "fewer", seed=3, num_train=2, num_val=1))
    pictures = {name: data for name, data in fewer.items() if name.endswith(".jpg")}
    assert len(pictures) == 3
    assert pictures.items() <= files_of(data_set).items()


def test_train_and_val_differ(data_set):
    train, val = (sorted((data_set / f"{split}2017").iterdir()) for split in ("train", "val"))
    assert train[0].read_bytes() != val[0].read_bytes()


def test_wrong_numbers_are_named(tmp_path):
    with pytest.raises(InputError, match="workers must be at least 1, not 0"):
        write(tmp_path / "a", workers=0)
    with pytest.raises(InputError, match="num_val must be at least 0, not -1"):
        write(tmp_path / "a", num_val=-1)
    assert list(tmp_path.iterdir()) == []


def test_a_filled_folder_is_only_replaced_when_asked(tmp_path):
    output = write(tmp_path / "set", num_train=1, num_val=0)
    before = files_of(output)
    with pytest.raises(InputError, match="not empty; pass --overwrite"):
        write(output, seed=1, num_train=1, num_val=0)
    assert files_of(output) == before
    write(output, seed=1, num_train=1, num_val=0, overwrite=True)
    assert files_of(output) != before
    (output / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match="holds 'thesis.txt'"):
        write(output, num_train=1, num_val=0, overwrite=True)
    assert (output / "thesis.txt").exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"file\S* cannot be written: "):
        write(tmp_path / "file" / "set", num_train=1, num_val=0)
    with pytest.raises(InputError, match="is a file"):
        write(tmp_path / "file", num_train=1, num_val=0)


def test_an_interrupted_run_leaves_nothing(tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(writer, "_write_image", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "set", num_train=2, num_val=0)
    assert list(tmp_path.iterdir()) == []
