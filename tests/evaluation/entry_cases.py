"""Predictions for the small sets of MPII's and WFLW's layout."""

import numpy as np
import torch
from detectron2.data import DatasetCatalog
from detectron2.structures import Boxes, Instances

from adaanchor_d2.data.person_records import evaluated_people


def predict(dataset_name, noise=2.0, seed=0) -> list[tuple[dict, dict]]:
    """A sample and a model's output for every evaluated person, moved by normal noise (pixels)."""
    rng = np.random.default_rng(seed)
    num_keypoints = 16 if "mpii" in dataset_name else 98
    pairs = []
    for person in evaluated_people(DatasetCatalog.get(dataset_name)):
        anywhere = np.concatenate(
            [np.full((num_keypoints, 2), 50.0), np.ones((num_keypoints, 1))], 1
        )
        keypoints = np.array(person.get("keypoints", anywhere), np.float64)
        keypoints[:, :2] += rng.normal(0, noise, (num_keypoints, 2))
        keypoints[:, 2] = rng.uniform(0, 1, num_keypoints)
        instances = Instances((120, 128))
        instances.pred_keypoints = torch.tensor(keypoints[None], dtype=torch.float32)
        instances.scores = torch.ones(1)
        instances.pred_boxes = Boxes(torch.tensor([person["bbox"]], dtype=torch.float32))
        sample = {key: person[key] for key in ("file_name", "image_id", "annotation_id")}
        sample["image"] = torch.zeros(3, 8, 8, dtype=torch.uint8)
        sample["crop_to_image"] = np.eye(2, 3)
        pairs.append((sample, {"instances": instances}))
    return pairs


def predicted_xy(pairs) -> np.ndarray:
    """(N, K, 2), continuous image pixels."""
    return np.stack([o["instances"].pred_keypoints[0, :, :2].double().numpy() for _, o in pairs])
