"""A small data set in CrowdPose's layout, with pictures of noise."""

import json
from pathlib import Path

import cv2
import numpy as np

IMAGE_SIZE = (60, 80)  # height, width
NUM_KEYPOINTS = 14


def crowd_person(person_id: int, image_id: int, box: list[float], labelled=range(14), **changes):
    """A person whose labelled keypoints lie inside its box, without area and segmentation."""
    x, y, width, height = box
    keypoints = np.zeros((NUM_KEYPOINTS, 3))
    for k in labelled:
        place = (x + width * (0.1 + 0.06 * k), y + height * (0.1 + 0.05 * k))
        keypoints[k] = (*place, 1 if k >= 12 else 1 + k % 2)
    person = {
        "id": person_id,
        "image_id": image_id,
        "category_id": 1,
        "iscrowd": 0,
        "bbox": box,
        "num_keypoints": int((keypoints[:12, 2] > 0).sum()),
        "keypoints": keypoints.ravel().tolist(),
    }
    return person | changes


def write_crowdpose(
    folder: Path,
    splits: dict[str, list[dict]],
    json_folder: str = "annotations",
    crowd_index: float = 0.5,
) -> Path:
    """Write ``crowdpose_{split}.json`` of the splits' people, and the images they lie in."""
    height, width = IMAGE_SIZE
    (folder / json_folder).mkdir(parents=True)
    (folder / "images").mkdir()
    rng = np.random.default_rng(0)
    for split, people in splits.items():
        images = [
            {
                "id": image_id,
                "file_name": f"{image_id}.png",
                "height": height,
                "width": width,
                "crowdIndex": crowd_index,
            }
            for image_id in sorted({person["image_id"] for person in people})
        ]
        for image in images:
            pixels = rng.integers(0, 255, (height, width, 3), dtype=np.uint8)
            cv2.imwrite(str(folder / "images" / image["file_name"]), pixels)
        document = {
            "images": images,
            "annotations": people,
            "categories": [{"id": 1, "name": "person"}],
        }
        (folder / json_folder / f"crowdpose_{split}.json").write_text(json.dumps(document))
    return folder
