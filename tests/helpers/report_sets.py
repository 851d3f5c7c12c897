"""A small data set in COCO's layout, and output folders of runs whose errors are known."""

import json
from pathlib import Path

import cv2
import numpy as np
import yaml

PEOPLE_PER_IMAGE = 5
IMAGE_SIZE = (160, 320)  # height, width
BOX_SIZE = (50.0, 120.0)  # width, height
AREA = 3000.0
NUM_KEYPOINTS = 17
LEFT_WRIST, RIGHT_ANKLE = 9, 16


def annotated_keypoints(num_people: int) -> np.ndarray:
    """(N, K, 3) in COCO's coordinates: spread over the boxes; some hidden, some not labelled."""
    person, kind = np.meshgrid(np.arange(num_people), np.arange(NUM_KEYPOINTS), indexing="ij")
    left = 10 + 60 * (person % PEOPLE_PER_IMAGE)
    x = left + 5 + 40 * (kind % 3) / 2
    y = 25 + 110 * kind / (NUM_KEYPOINTS - 1)
    v = np.where((person + kind) % 3 == 0, 1, 2)
    keypoints = np.stack([x, y, v], axis=-1).astype(float)
    keypoints[(person + kind) % 7 == 0] = 0
    return keypoints


def write_people(folder: Path, num_people: int) -> np.ndarray:
    """Write them as the validation set of a folder in COCO's layout; returns the keypoints."""
    keypoints = annotated_keypoints(num_people)
    height, width = IMAGE_SIZE
    (folder / "annotations").mkdir(parents=True)
    (folder / "val2017").mkdir()
    numbers = range(1, 1 + -(-num_people // PEOPLE_PER_IMAGE))
    images = [{"id": n, "file_name": f"{n}.jpg", "width": width, "height": height} for n in numbers]
    rng = np.random.default_rng(0)
    for image in images:
        blocks = rng.integers(0, 255, (8, 16, 3), dtype=np.uint8)
        picture = cv2.resize(blocks, (width, height), interpolation=cv2.INTER_NEAREST)
        cv2.imwrite(str(folder / "val2017" / image["file_name"]), picture)
    people = [
        {
            "id": person + 1,
            "image_id": person // PEOPLE_PER_IMAGE + 1,
            "category_id": 1,
            "iscrowd": 0,
            "bbox": [10.0 + 60 * (person % PEOPLE_PER_IMAGE), 20.0, *BOX_SIZE],
            "area": AREA,
            "num_keypoints": int((points[:, 2] > 0).sum()),
            "keypoints": points.ravel().tolist(),
        }
        for person, points in enumerate(keypoints)
    ]
    content = {
        "images": images,
        "annotations": people,
        "categories": [{"id": 1, "name": "person"}],
    }
    path = folder / "annotations" / "person_keypoints_val2017.json"
    path.write_text(json.dumps(content))
    return keypoints


def write_run(folder: Path, records: list[dict], **config) -> Path:
    """An output folder without results; ``config`` has ``__`` for dots."""
    folder.mkdir(parents=True)
    sections: dict = {"DATASETS": {"TEST": ["synthetic_people_val"]}, "OUTPUT_DIR": str(folder)}
    for key, value in config.items():
        *path, name = key.split("__")
        section = sections
        for part in path:
            section = section.setdefault(part, {})
        section[name] = value
    (folder / "config.yaml").write_text(yaml.safe_dump(sections))
    lines = "".join(json.dumps(record) + "\n" for record in records)
    (folder / "metrics.json").write_text(lines)
    return folder


def write_results(
    run: Path, keypoints: np.ndarray, offsets: np.ndarray, scores: np.ndarray, anchors=None
) -> None:
    """Results: the annotated places moved by offsets (N, K, 2), with scores (N, K).

    Unlabelled keypoints are predicted in the upper left corner.
    """
    (run / "inference").mkdir()
    places = np.concatenate([keypoints[..., :2] + offsets, scores[..., None]], axis=-1)
    entries = [
        {
            "image_id": person // PEOPLE_PER_IMAGE + 1,
            "category_id": 1,
            "keypoints": points.ravel().tolist(),
            "score": 0.9,
        }
        for person, points in enumerate(places)
    ]
    if anchors is not None:
        for entry, points in zip(entries, anchors, strict=True):
            entry["keypoint_anchors"] = points.ravel().tolist()
    (run / "inference" / "coco_instances_results.json").write_text(json.dumps(entries))


def evaluation(iteration: int, **figures) -> dict:
    """A line of metrics.json: ``keypoints__AP=30.0`` is keypoints/AP."""
    named = {key.replace("__", "/"): value for key, value in figures.items()}
    return {"iteration": iteration, "total_loss": 1.0, **named}
