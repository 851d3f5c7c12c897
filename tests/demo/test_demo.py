"""The command: images, folders and videos to pictures, JSON and CSV."""

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers.crowds import bottom_up_config, center_config
from helpers.tiny import tiny_config, with_saved_weights

from adaanchor_d2.demo.video import VideoWriter
from adaanchor_d2.evaluation.coco_results import read_coco_results

DATA = {"DATASETS__TEST": ("coco_keypoints_val",)}
WHOLE = {**DATA, "INPUT__MIN_SIZE_TEST": 64, "MODEL__KEYPOINT_HEAD__GAMMA": 0.001}
KINDS = {
    "single": lambda: tiny_config(**DATA),
    "bottom_up": lambda: bottom_up_config(**WHOLE),
    "center": lambda: center_config(**WHOLE),
}


def write_images(folder: Path, count: int = 3) -> Path:
    folder.mkdir()
    for index in range(count):
        coarse = np.random.default_rng(index).integers(0, 256, (6, 8, 3), dtype=np.uint8)
        picture = cv2.resize(coarse, (96, 72), interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(folder / f"{index:02d}.png"), picture)
    return folder


@pytest.fixture
def images(tmp_path):
    return write_images(tmp_path / "images")


@pytest.fixture
def run_demo(run_tool, tmp_path):
    """Run the demo with a saved model of one of ``KINDS``; returns its exit status."""

    def run(kind: str, *args) -> int:
        cfg = with_saved_weights(KINDS[kind](), tmp_path / f"{kind}.pth")
        (tmp_path / f"{kind}.yaml").write_text(cfg.dump())
        return run_tool("../demo/demo.py", "--config-file", tmp_path / f"{kind}.yaml", *args)

    return run


@pytest.mark.parametrize("kind", KINDS)
def test_images_become_pictures_json_and_csv(run_demo, images, tmp_path, capsys, kind):
    files = ["--save-json", tmp_path / "r.json", "--save-csv", tmp_path / "r.csv"]
    where = ["--input", images, "--output", tmp_path / "out", "--show-anchors"]
    assert run_demo(kind, *where, *files, "--confidence-threshold", "0") == 0
    people = read_coco_results(str(tmp_path / "r.json"), 17)
    entries = json.loads((tmp_path / "r.json").read_text())
    assert {entry["file_name"] for entry in entries} == {"00.png", "01.png", "02.png"}
    assert set(people["image_id"]) == {0, 1, 2} and people["anchors"].shape[1:] == (17, 2)
    with open(tmp_path / "r.csv", newline="") as file:
        assert len(list(csv.DictReader(file))) == 17 * len(entries)
    for path in sorted(images.iterdir()):
        picture = cv2.imread(str(tmp_path / "out" / path.name))
        assert picture.shape == (72, 96, 3) and (picture != cv2.imread(str(path))).any()
    output = capsys.readouterr()
    assert output.out.startswith(f"3 images, {len(entries)} people in ")
    assert "3/3" in output.err  # the progress bar


@pytest.mark.parametrize("kind", KINDS)
def test_a_video_gives_what_its_frames_give(run_demo, images, tmp_path, kind):
    writer = VideoWriter(str(tmp_path / "v.mp4"), 12.0)
    for path in sorted(images.iterdir()) * 3:
        writer.write(cv2.imread(str(path)))
    writer.close()
    frames = tmp_path / "frames"
    frames.mkdir()
    capture = cv2.VideoCapture(str(tmp_path / "v.mp4"))
    for index in range(9):
        cv2.imwrite(str(frames / f"{index}.png"), capture.read()[1])
    output = ["--output", tmp_path / "poses.mp4", "--save-json", tmp_path / "v.json"]
    assert run_demo(kind, "--video-input", tmp_path / "v.mp4", *output) == 0
    assert run_demo(kind, "--input", frames, "--save-json", tmp_path / "f.json") == 0
    of_video, of_frames = (json.loads((tmp_path / f"{name}.json").read_text()) for name in "vf")
    for entry in of_video:
        assert entry.pop("file_name") == "v.mp4"
    for entry in of_frames:
        assert entry.pop("file_name") == f"{entry['image_id']}.png"
    assert of_video == of_frames and {entry["image_id"] for entry in of_video} == set(range(9))
    written = cv2.VideoCapture(str(tmp_path / "poses.mp4"))
    assert sum(iter(lambda: written.read()[0], False)) == 9
    assert written.get(cv2.CAP_PROP_FPS) == 12


def test_low_scores_are_only_left_out_of_pictures(run_demo, images, tmp_path, capsys):
    files = ["--save-json", tmp_path / "r.json"]
    where = ["--input", images, "--output", tmp_path / "out"]
    assert run_demo("single", *where, *files, "--confidence-threshold", "1") == 0
    assert "3 of the people are not drawn: no keypoint of theirs" in capsys.readouterr().out
    entries = json.loads((tmp_path / "r.json").read_text())
    assert len(entries) == 3 and all(np.any(entry["keypoints"]) for entry in entries)
    for path in images.iterdir():
        assert (cv2.imread(str(tmp_path / "out" / path.name)) == cv2.imread(str(path))).all()


def test_boxes_of_a_file(run_demo, images, tmp_path, capsys):
    boxes = {"00.png": [[5, 5, 40, 60], [30, 5, 80, 70, 0.2]], "1": [[0, 0, 20, 20]]}
    (tmp_path / "boxes.json").write_text(json.dumps(boxes))
    common = ["--input", images, "--boxes", tmp_path / "boxes.json"]
    assert run_demo("single", *common, "--save-json", tmp_path / "r.json") == 0
    assert [e["image_id"] for e in json.loads((tmp_path / "r.json").read_text())] == [0, 0, 1]
    assert "boxes.json does not name, and nobody in them: 1." in capsys.readouterr().out
    assert run_demo("single", *common, "--box-threshold", "0.3", "--output", tmp_path / "out") == 0
    assert "score below 0.3: 1." in capsys.readouterr().out


def test_an_unreadable_image_is_told_by_the_exit_status(run_demo, images, tmp_path, capsys):
    (images / "03.png").write_bytes(b"no image")
    assert run_demo("single", "--input", images, "--save-json", tmp_path / "r.json") == 1
    assert len(json.loads((tmp_path / "r.json").read_text())) == 3
    assert "1 of 4 images cannot be decoded: 03.png" in capsys.readouterr().out


def test_mistakes_get_one_sentence_and_cost_no_file(run_demo, images, tmp_path, capsys):
    (tmp_path / "r.json").write_text("kept")
    (tmp_path / "other.json").write_text('{"x.jpg": []}')
    json_too = ["--save-json", tmp_path / "r.json"]
    inputs = ["--input", images, *json_too]
    for kind, args, sentence in (
        ("single", [*inputs, "--opts", "MODEL.WEIGHTS", ""], "MODEL.WEIGHTS is empty"),
        ("single", [*inputs, "--opts", "DATASETS.TEST", "()"], "DATASETS.TEST is empty"),
        ("single", [*inputs, "--opts", "DATASETS.TEST", "('wflw_test',)"], "NUM_KEYPOINTS is 17"),
        ("single", ["--input", tmp_path / "none.jpg", *json_too], "none.jpg is no file"),
        ("single", ["--video-input", tmp_path / "none.mp4", *json_too], "none.mp4 does not exist"),
        ("single", [*inputs, "--boxes", tmp_path / "other.json"], "names none of the images"),
        ("single", [*inputs, "--output", images], "would replace the input"),
        ("single", [*inputs, "--detector", "torchvision"], "needs --detector-weights"),
        ("center", [*inputs, "--boxes", tmp_path / "other.json"], "finds the people itself"),
        ("bottom_up", [*inputs, "--opts", "MODEL.TAG.SOURCE", "oracle"], "TAG.SOURCE oracle"),
    ):
        assert run_demo(kind, *args) == 2
        assert (tmp_path / "r.json").read_text() == "kept"
        error = capsys.readouterr().err.strip().splitlines()[-1]
        assert error.startswith("error: ") and sentence in error


@pytest.mark.parametrize(
    ("kind", "folder"), [("single", "coco/val2017"), ("center", "crowdpose/images")]
)
def test_real_images(run_demo, shared_data, tmp_path, kind, folder):
    folder = shared_data / folder
    assert run_demo(kind, "--input", folder, "--save-json", tmp_path / "r.json") == 0
    names = {entry["file_name"] for entry in json.loads((tmp_path / "r.json").read_text())}
    assert names == {path.name for path in folder.iterdir()}
