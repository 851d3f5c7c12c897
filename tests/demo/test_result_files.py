import csv
import json

import numpy as np
import pytest
import torch
from detectron2.structures import Boxes, Instances

from adaanchor_d2.data.skeletons import Skeleton
from adaanchor_d2.demo.images import Frame
from adaanchor_d2.demo.result_files import CSV_COLUMNS, CsvFile, JsonFile, ResultFiles
from adaanchor_d2.errors import InputError

PAIR = Skeleton.from_names("pair", ["left_a", "right_a"], [], [0.1, 0.1])
FRAMES = [Frame("a.jpg", 4, np.zeros((8, 8, 3), np.uint8)), Frame("b.jpg", 5, None)]


def people_of(num_people: int) -> Instances:
    people = Instances((8, 8))
    start = torch.arange(6.0 * num_people).reshape(num_people, 2, 3)
    people.pred_keypoints = start + torch.tensor([0.5, 0.5, 0.0])
    people.pred_keypoints[..., 2] /= 100  # low scores are kept
    people.pred_keypoint_anchors = start[..., :2] + 1.5
    people.scores = torch.full((num_people,), 0.25)
    people.pred_boxes = Boxes(torch.zeros(num_people, 4))
    return people


def write(folder, counts):
    paths = str(folder / "r.json"), str(folder / "r.csv")
    files = ResultFiles([JsonFile(paths[0]), CsvFile(paths[1], PAIR)])
    for frame, count in zip(FRAMES, counts, strict=True):
        files.write(frame, people_of(count))
    files.close()
    with open(paths[1], newline="") as file:
        return json.loads((folder / "r.json").read_text()), list(csv.DictReader(file))


def test_both_files_hold_every_keypoint(tmp_path):
    entries, rows = write(tmp_path, [2, 1])
    assert [(e["file_name"], e["image_id"]) for e in entries] == [("a.jpg", 4)] * 2 + [("b.jpg", 5)]
    assert entries[0]["keypoints"] == pytest.approx([0, 1, 0.02, 3, 4, 0.05])
    assert entries[0]["keypoint_anchors"] == [1, 2, 4, 5]  # 0.5 less than continuous
    assert {"category_id", "score", "area", "num_keypoints"} < set(entries[0])
    assert len(rows) == 6 and tuple(rows[0]) == CSV_COLUMNS
    assert [(r["image_id"], r["person"], r["joint"]) for r in rows] == [
        *(("4", "0", "left_a"), ("4", "0", "right_a"), ("4", "1", "left_a")),
        *(("4", "1", "right_a"), ("5", "0", "left_a"), ("5", "0", "right_a")),
    ]
    for row, point in zip(
        rows, np.reshape([e["keypoints"] for e in entries], (-1, 3)), strict=True
    ):
        assert [float(row[key]) for key in ("x", "y", "score")] == point.tolist()
    assert (rows[1]["anchor_x"], rows[1]["anchor_y"]) == ("4.0", "5.0")


def test_nobody_at_all(tmp_path):
    assert write(tmp_path, [0, 0]) == ([], [])


def test_a_file_that_cannot_be_written(tmp_path):
    with pytest.raises(InputError, match=r"none/r\.json cannot be written: No such file"):
        JsonFile(str(tmp_path / "none" / "r.json"))
