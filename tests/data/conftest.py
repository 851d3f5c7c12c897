"""A small COCO keypoint data set, written anew for each test that spoils it."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from detectron2.config import get_cfg
from detectron2.data import DatasetCatalog, MetadataCatalog

from adaanchor_d2 import add_adaanchor_config


class TinyDataset:
    """Two images of 64 x 48 pixels; people 1 and 2 in the first, 3 (no keypoints) in the second."""

    def __init__(self, folder: Path) -> None:
        self.json_file = folder / "people.json"
        self.image_root = folder / "images"
        self.image_root.mkdir()
        self.document = {
            "images": [
                {"id": 7, "file_name": "a.png", "width": 64, "height": 48},
                {"id": 9, "file_name": "b.png", "width": 64, "height": 48},
            ],
            "categories": [{"id": 1, "name": "person"}],
            "annotations": [
                self.person(1, 7, [10, 5, 20, 30], [2] * 17),
                self.person(2, 7, [30, 10, 20, 30], [1] + [2] * 15 + [0]),
                self.person(3, 9, [5, 5, 20, 30], [0] * 17),
            ],
        }
        pixels = np.random.default_rng(0).integers(0, 255, (2, 48, 64, 3), dtype=np.uint8)
        for image, entry in zip(pixels, self.document["images"], strict=True):
            cv2.imwrite(str(self.image_root / entry["file_name"]), image)

    @staticmethod
    def person(person_id: int, image_id: int, box: list, visibility: list[int]) -> dict:
        keypoints = []
        for k, v in enumerate(visibility):
            keypoints += [box[0] + k if v else 0, box[1] + k if v else 0, v]
        return {
            "id": person_id,
            "image_id": image_id,
            "category_id": 1,
            "iscrowd": 0,
            "bbox": box,
            "area": box[2] * box[3],
            "num_keypoints": sum(v > 0 for v in visibility),
            "keypoints": keypoints,
        }

    def write(self) -> "TinyDataset":
        self.json_file.write_text(json.dumps(self.document))
        return self


@pytest.fixture
def tiny_dataset(tmp_path: Path) -> TinyDataset:
    return TinyDataset(tmp_path).write()


@pytest.fixture
def dataset_name():
    """A name for a data set, taken out of the catalogs after the test."""
    name = "test_people"
    yield name
    if name in DatasetCatalog.list():
        DatasetCatalog.remove(name)
        MetadataCatalog.remove(name)


@pytest.fixture
def make_cfg():
    def make(*options):
        cfg = get_cfg()
        add_adaanchor_config(cfg)
        defaults = ["INPUT.FORMAT", "RGB", "DATALOADER.ASPECT_RATIO_GROUPING", False, "SEED", 5]
        cfg.merge_from_list([*defaults, "DATALOADER.NUM_WORKERS", 0, *options])
        return cfg

    return make


@pytest.fixture
def real_data_root(shared_data, monkeypatch) -> Path:
    monkeypatch.setenv("DETECTRON2_DATASETS", str(shared_data))
    return shared_data
