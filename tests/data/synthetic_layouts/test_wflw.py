"""Synthetic faces in WFLW's original files."""

import cv2
import numpy as np
import pytest

from adaanchor_d2.data.datasets.wflw import read_wflw_line, wflw_list_entries
from adaanchor_d2.data.skeletons import get_skeleton
from adaanchor_d2.data.synthetic import main, write_synthetic_faces
from adaanchor_d2.data.synthetic_faces.image import SyntheticFacesOptions, render_image

from .files import files_of

LISTS = "WFLW_annotations/list_98pt_rect_attr_train_test"


@pytest.fixture(scope="module")
def data_set(tmp_path_factory):
    output = tmp_path_factory.mktemp("faces") / "synthetic_faces"
    write_synthetic_faces(output, num_train=6, num_val=3, seed=2)
    return output


@pytest.mark.parametrize("split, count", [("train", 6), ("test", 3)])
def test_lists_follow_wflws_form(data_set, split, count):
    lines = (data_set / LISTS / f"list_98pt_rect_attr_{split}.txt").read_text().splitlines()
    names = set()
    for line in lines:
        fields = line.split(" ")
        assert len(fields) == 207
        assert np.array(fields[:196], float).shape == (196,)
        left, top, right, bottom = map(int, fields[196:200])
        assert left < right and top < bottom
        assert set(fields[200:206]) <= {"0", "1"}
        event, _, _ = fields[206].partition("/")
        assert event == "0--Synthetic"
        names.add(fields[206])
        image = cv2.imread(str(data_set / "WFLW_images" / fields[206]))
        assert image.shape == (256, 256, 3)
    assert len(names) == count


def test_coordinates_are_pixel_indices(data_set):
    line = (data_set / LISTS / "list_98pt_rect_attr_train.txt").read_text().splitlines()[0]
    faces = render_image(np.random.default_rng((2, 0, 0)))[1]
    written = np.array(line.split()[:196], float).reshape(98, 2)
    assert np.abs(written - (faces[0].landmarks - 0.5)).max() < 1e-5


def test_rectangles_are_read_where_the_faces_are(tmp_path):
    write_synthetic_faces(tmp_path / "set", num_train=40, num_val=0, seed=3)
    list_file = str(tmp_path / "set" / LISTS / "list_98pt_rect_attr_train.txt")
    read = [
        read_wflw_line(entry, get_skeleton("wflw")).annotation["rectangle"]
        for entry in wflw_list_entries(list_file)
    ]
    drawn = [
        face.box
        for index in range(40)
        for face in render_image(np.random.default_rng((3, 0, index)))[1]
    ]
    read, drawn = np.array(read), np.array(drawn)
    read[:, 2:] += read[:, :2]
    assert np.abs(read - drawn).max() <= 0.5 + 1e-9  # the file's are whole numbers
    assert np.abs((read - drawn).mean(axis=0)).max() < 0.2


def test_workers_do_not_matter(data_set, tmp_path):
    write_synthetic_faces(tmp_path / "set", num_train=6, num_val=3, seed=2, workers=2)
    assert files_of(tmp_path / "set") == files_of(data_set)


def test_command_line(tmp_path):
    output = tmp_path / "set"
    counts = ["--num-train", "2", "--num-val", "0"]
    flags = ["--layout", "wflw", "--max-faces", "1", "--width", "128", "--height", "96"]
    main(["--output", str(output), *counts, *flags])
    assert (output / LISTS / "list_98pt_rect_attr_test.txt").read_text() == ""
    lines = (output / LISTS / "list_98pt_rect_attr_train.txt").read_text().splitlines()
    assert len(lines) == 2
    image = cv2.imread(str(output / "WFLW_images" / lines[0].split()[206]))
    assert image.shape == (96, 128, 3)


def test_many_faces(tmp_path):
    options = SyntheticFacesOptions(max_faces=8)
    write_synthetic_faces(tmp_path / "set", 12, 0, 320, 160, options=options)
    lines = (tmp_path / "set" / LISTS / "list_98pt_rect_attr_train.txt").read_text().splitlines()
    assert len(lines) >= 12
