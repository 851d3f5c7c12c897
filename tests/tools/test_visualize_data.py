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
