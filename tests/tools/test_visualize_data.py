import cv2
import pytest


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
