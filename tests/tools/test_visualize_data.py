import cv2
import pytest
from helpers.entry_sets import write_mpii


@pytest.mark.parametrize("source", ["annotation", "dataloader"])
def test_pictures_are_written(run_tool, shared_data, monkeypatch, tmp_path, source):
    monkeypatch.setenv("DETECTRON2_DATASETS", str(shared_data))
    options = ["DATASETS.TRAIN", "('coco_keypoints_train',)", "SOLVER.IMS_PER_BATCH", "4"]
    limit = ["--output-dir", tmp_path, "--limit", "3"]
    assert run_tool("visualize_data.py", "--source", source, *limit, *options) == 0
    pictures = [cv2.imread(str(path)) for path in tmp_path.glob("*.png")]
    assert len(pictures) == 3
    if source == "dataloader":
        assert all(picture.shape == (512, 384, 3) for picture in pictures)


@pytest.mark.parametrize("source", ["annotation", "dataloader"])
@pytest.mark.parametrize(("name", "num_keypoints"), [("mpii_keypoints_val", 16), ("wflw_test", 98)])
def test_other_formats(run_tool, shared_data, monkeypatch, tmp_path, source, name, num_keypoints):
    monkeypatch.setenv("DETECTRON2_DATASETS", str(shared_data))
    options = ["DATASETS.TRAIN", f"('{name}',)", "SOLVER.IMS_PER_BATCH", "2"]
    options += ["MODEL.KEYPOINT_HEAD.NUM_KEYPOINTS", num_keypoints]
    limit = ["--output-dir", tmp_path, "--limit", "2"]
    assert run_tool("visualize_data.py", "--source", source, *limit, *options) == 0
    assert len(list(tmp_path.glob("*.png"))) == 2


@pytest.mark.parametrize(
    ("name", "num_keypoints"), [("crowdpose_trainval", 14), ("coco_keypoints_train", 17)]
)
def test_whole_images(run_tool, shared_data, monkeypatch, tmp_path, name, num_keypoints):
    monkeypatch.setenv("DETECTRON2_DATASETS", str(shared_data))
    options = ["DATASETS.TRAIN", f"('{name}',)", "SOLVER.IMS_PER_BATCH", "2"]
    options += ["INPUT.MAPPER", "WholeImageMapper", "INPUT.CROP_SIZE", "(128, 128)"]
    options += ["MODEL.KEYPOINT_HEAD.NUM_KEYPOINTS", num_keypoints]
    limit = ["--output-dir", tmp_path, "--limit", "4"]
    assert run_tool("visualize_data.py", "--source", "dataloader", *limit, *options) == 0
    pictures = [cv2.imread(str(path)) for path in tmp_path.glob("*.png")]
    assert [picture.shape for picture in pictures] == [(256, 256, 3)] * 4


def test_split_without_ground_truth(run_tool, monkeypatch, tmp_path):
    write_mpii(tmp_path / "mpii")
    monkeypatch.setenv("DETECTRON2_DATASETS", str(tmp_path))
    output = ["--output-dir", tmp_path / "out", "--limit", "2"]
    options = ["DATASETS.TRAIN", "('mpii_keypoints_test',)"]
    assert run_tool("visualize_data.py", "--source", "annotation", *output, *options) == 0
    assert len(list((tmp_path / "out").glob("*.png"))) == 2


def test_a_mistake_gets_one_sentence(run_tool, tmp_path, capsys):
    where = ["--source", "dataloader", "--output-dir", tmp_path]
    for options, sentence in (
        (["--config-file", tmp_path / "none.yaml"], "none.yaml cannot be read"),
        (["INPUT.CROPSIZE", "(3, 4)"], "INPUT.CROPSIZE"),
        ([], "DATASETS.TRAIN is empty: name a data set"),
    ):
        assert run_tool("visualize_data.py", *where, *options) == 2
        error = capsys.readouterr().err.strip().splitlines()[-1]
        assert error.startswith("error: ") and sentence in error


def test_a_picture_that_cannot_be_written_is_named(run_tool, monkeypatch, tmp_path, capsys):
    write_mpii(tmp_path / "mpii")
    monkeypatch.setenv("DETECTRON2_DATASETS", str(tmp_path))
    in_the_way = tmp_path / "out" / "1.png"
    in_the_way.mkdir(parents=True)
    where = ["--source", "annotation", "--output-dir", tmp_path / "out"]
    assert run_tool("visualize_data.py", *where, "DATASETS.TRAIN", "('mpii_keypoints_val',)") == 2
    assert f"error: Picture {in_the_way} cannot be written.\n" in capsys.readouterr().err
