"""Own data and an own skeleton, registered as datasets/README.md says."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def hands(tmp_path) -> Path:
    """A folder with the page's ``hands.py`` and the data set that it registers."""
    page = (ROOT / "datasets/README.md").read_text(encoding="utf-8")
    (tmp_path / "hands.py").write_text(re.search(r"```python\n(.*?)```", page, re.DOTALL).group(1))
    (tmp_path / "hands/images").mkdir(parents=True)
    for number in (1, 2):
        picture = np.random.default_rng(number).integers(0, 256, (80, 64, 3), dtype=np.uint8)
        cv2.imwrite(str(tmp_path / f"hands/images/{number}.jpg"), picture)
    images = [{"id": n, "file_name": f"{n}.jpg", "width": 64, "height": 80} for n in (1, 2)]
    entries = [
        {"id": n, "image_id": n, "category_id": 1, "bbox": [8, 8, 40, 60]}
        | {"keypoints": [10, 60, 2, 20, 10, 1, 40, 12, 2]}
        for n in (1, 2)
    ]
    content = {
        "images": images,
        "annotations": entries,
        "categories": [{"id": 1, "name": "hand"}],
    }
    for split in ("train", "val"):
        (tmp_path / f"hands/{split}.json").write_text(json.dumps(content))
    return tmp_path


def run(folder: Path, *command) -> str:
    environment = {
        **os.environ,
        "DETECTRON2_ENV_MODULE": "hands.py",
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
    }
    done = subprocess.run(
        [sys.executable, *map(str, command)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_tools_know_the_skeleton(hands):
    files = ["--json", "hands/train.json", "--images", "hands/images"]
    run(hands, ROOT / "tools/check_dataset.py", *files, "--skeleton", "hand")


def test_training_knows_the_data_set(hands):
    options = [
        *("DATASETS.TRAIN", "('hands_train',)", "DATASETS.TEST", "('hands_val',)"),
        *("MODEL.KEYPOINT_HEAD.NUM_KEYPOINTS", "3", "MODEL.DEVICE", "cpu"),
        *("SOLVER.MAX_ITER", "2", "SOLVER.STEPS", "()", "SOLVER.IMS_PER_BATCH", "2"),
        *("MODEL.KEYPOINT_HEAD.FIXED_ITERS", "1", "DATALOADER.NUM_WORKERS", "0"),
        *("OUTPUT_DIR", "out"),
    ]
    config = ["--config-file", ROOT / "configs/quickstart/ada.yaml"]
    run(hands, ROOT / "train_net.py", *config, *options)
    results = json.loads((hands / "out/inference/coco_instances_results.json").read_text())
    assert len(results) == 2 and len(results[0]["keypoints"]) == 9
