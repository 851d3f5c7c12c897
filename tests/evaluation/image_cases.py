"""Made-up crowded data sets and multi-person outputs for the evaluation tests."""

import json
import uuid

import numpy as np
import torch
from detectron2.data import MetadataCatalog
from detectron2.structures import Boxes, Instances

from adaanchor_d2.data.skeletons import get_skeleton
from adaanchor_d2.evaluation import CocoMultiPersonEvaluator, CrowdPoseEvaluator

from .cases import image_keypoints

# Network-input pixels to image pixels of image n: another scale for each.
SCALE = 0.5


def crop_to_image(image_id: int) -> np.ndarray:
    scale = SCALE * (1 + image_id % 3)
    return np.array([[scale, 0.0, 1.5], [0.0, scale, -2.25]])


def register(json_file, skeleton="coco", evaluator_type="coco_keypoints") -> str:
    name = f"images_test_{uuid.uuid4().hex}"
    MetadataCatalog.get(name).set(
        json_file=str(json_file),
        evaluator_type=evaluator_type,
        skeleton=get_skeleton(skeleton),
    )
    return name


def make_coco_evaluator(json_file, **changes) -> CocoMultiPersonEvaluator:
    changes = {"confidence_thresholds": (0.1, 0.5, 0.9)} | changes
    return CocoMultiPersonEvaluator(**_arguments(register(json_file), changes))


def make_crowdpose_evaluator(json_file, **changes) -> CrowdPoseEvaluator:
    return CrowdPoseEvaluator(**_arguments(register(json_file, "crowdpose"), changes))


def _arguments(dataset_name, changes) -> dict:
    arguments = {
        "dataset_name": dataset_name,
        "output_dir": None,
        "has_confidence": True,
        "oks_sigmas": (),
    }
    return arguments | changes


def write_crowdpose_set(path, num_images=12, seed=0):
    """Images at and beside the cuts of crowdIndex; people whose num_keypoints is 0 though joints
    are labelled, without labels, crowds; an image without people; no ``area``.
    """
    rng = np.random.default_rng(seed)
    crowding = [0.0, 0.1999, 0.2, 0.5, 0.7999, 0.8, 0.93]
    images, annotations = [], []
    for index in range(num_images):
        image_id = 10 * (num_images - index)  # The file need not be in the order of the ids.
        images.append(
            {
                "id": image_id,
                "height": 300,
                "width": 400,
                "file_name": f"{image_id}.jpg",
                "crowdIndex": crowding[index % len(crowding)],
            }
        )
        for _ in range(0 if index == 3 else 1 + index % 5):
            annotations.append(_crowdpose_person(rng, len(annotations) + 1, image_id))
    content = {
        "images": images,
        "annotations": annotations,
        "categories": [{"id": 1, "name": "person"}],
    }
    path.write_text(json.dumps(content))
    return path


def _crowdpose_person(rng, number, image_id) -> dict:
    left, top = rng.integers(0, 150, 2).tolist()
    width, height = rng.integers(30, 150, 2).tolist()
    keypoints = np.zeros((14, 3))
    keypoints[:, 0] = rng.integers(left, left + width, 14)
    keypoints[:, 1] = rng.integers(top, top + height, 14)
    keypoints[:, 2] = rng.choice([0, 1, 2], 14)
    keypoints[12:, 2] = np.minimum(keypoints[12:, 2], 1)  # Head and neck are never 2.
    if number % 6 == 0:
        keypoints[:12, 2] = 0
        keypoints[12:, 2] = 1
    if number % 11 == 0:
        keypoints[:, 2] = 0
    keypoints[keypoints[:, 2] == 0] = 0
    return {
        "id": number,
        "image_id": image_id,
        "category_id": 1,
        "iscrowd": int(number % 13 == 0),
        "bbox": [left, top, width, height],
        "num_keypoints": int((keypoints[:12, 2] > 0).sum()),  # As in the official files.
        "keypoints": keypoints.astype(int).ravel().tolist(),
    }


def make_people(keypoints, scores) -> Instances:
    """Instances of N people from keypoints (N, K, 3) and scores (N,)."""
    keypoints = torch.as_tensor(np.asarray(keypoints), dtype=torch.float32)
    instances = Instances((300, 400))
    instances.pred_keypoints = keypoints
    instances.pred_keypoint_anchors = keypoints[..., :2]
    instances.scores = torch.as_tensor(np.asarray(scores), dtype=torch.float32)
    instances.pred_boxes = Boxes(
        torch.cat((keypoints[..., :2].amin(1), keypoints[..., :2].amax(1)), dim=1)
    )
    return instances


def nobody(num_keypoints) -> Instances:
    return make_people(np.zeros((0, num_keypoints, 3)), np.zeros(0))


def make_located(people: Instances) -> torch.Tensor:
    """(M, 4): the people's keypoints as they were before grouping."""
    keypoints = people.pred_keypoints
    types = torch.arange(keypoints.shape[1], dtype=torch.float32).expand(keypoints.shape[:2])
    return torch.cat((keypoints, types[..., None]), dim=2).flatten(0, 1)


def make_sample(image) -> dict:
    return {
        "file_name": image["file_name"],
        "image": torch.zeros(()).expand(3, 64, 64),
        "image_id": image["id"],
        "height": image["height"],
        "width": image["width"],
        "crop_to_image": crop_to_image(image["id"]),
    }


def make_output(people: Instances, by_gamma: dict | None = None) -> dict:
    output = {"instances": people, "keypoints": make_located(people)}
    if by_gamma is not None:
        output["instances_by_gamma"] = by_gamma
        output["keypoints_by_gamma"] = {g: make_located(p) for g, p in by_gamma.items()}
    return output


def noisy_people(json_file, rng, image_id, num_keypoints, num_more=1, noise=3.0) -> Instances:
    """Each of the image's people once or twice, moved, some joints missing, and others at will.

    Scores are coarse, so that ties occur.
    """
    annotations = json.loads(json_file.read_text())["annotations"]
    found = []
    for annotation in (a for a in annotations if a["image_id"] == image_id):
        for _ in range(rng.integers(1, 3)):
            left, top, width, height = annotation["bbox"]
            keypoints = image_keypoints(annotation)
            anywhere = rng.uniform([left, top], [left + width, top + height], (num_keypoints, 2))
            keypoints[:, :2] = np.where(keypoints[:, 2:] > 0, keypoints[:, :2], anywhere)
            keypoints[:, :2] += rng.normal(0, noise, (num_keypoints, 2)) * rng.uniform(0, 2)
            found.append(keypoints)
    found += list(rng.uniform(0, 300, (num_more, num_keypoints, 3)))
    keypoints = np.stack(found)
    keypoints[..., 2] = rng.uniform(0.1, 1, keypoints.shape[:2]) * (
        rng.uniform(size=keypoints.shape[:2]) < 0.9
    )
    return make_people(keypoints, rng.integers(1, 8, len(keypoints)) / 8)


def noisy_pairs(json_file, seed=0, num_keypoints=17, gammas=(), **options) -> list:
    """One (sample, output) for each image of the file."""
    rng = np.random.default_rng(seed)
    pairs = []
    for image in json.loads(json_file.read_text())["images"]:
        people = [
            noisy_people(json_file, rng, image["id"], num_keypoints, **options)
            for _ in range(1 + len(gammas))
        ]
        by_gamma = dict(zip(gammas, people[1:], strict=True)) if gammas else None
        pairs.append((make_sample(image), make_output(people[0], by_gamma)))
    return pairs
