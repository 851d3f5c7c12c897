"""What follows inference: result files, OKS-NMS and AP of made-up detections."""

import argparse
import json
import os
import statistics
import tempfile

import numpy as np
import torch
from detectron2.structures import Boxes, Instances

from adaanchor_d2.data import register_coco_keypoints
from adaanchor_d2.engine.config_file import load_config
from adaanchor_d2.evaluation.build import build_evaluator

from .timing import measure


def time_eval(args: argparse.Namespace) -> dict:
    """What follows inference, on made-up detections: result files, OKS-NMS, AP."""
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        json_file = os.path.join(folder, "made_up.json")
        people = make_people(rng, args.images, num_people=round(1.27 * args.images))
        write_annotations(json_file, people, args.images)
        register_coco_keypoints("benchmark_made_up", json_file, folder, "coco")
        cfg = load_config("", ["INPUT.PERSON_BOXES", json_file, *args.opts])
        evaluator = build_evaluator(cfg, "benchmark_made_up", folder, has_confidence=True)
        batches = make_predictions(rng, people, args.detections, batch_size=100)
        process, evaluate = [], []
        for _ in range(args.repeats):
            evaluator.reset()
            process.append(measure(lambda: [evaluator.process(*batch) for batch in batches]))
            evaluate.append(measure(evaluator.evaluate))
    return {
        "images": args.images,
        "people": len(people["keypoints"]),
        "detections": args.detections,
        "process_s": round(statistics.median(process), 4),
        "evaluate_s": round(statistics.median(evaluate), 4),
    }


def make_people(rng: np.random.Generator, num_images: int, num_people: int) -> dict:
    """Return boxes (N, 4), keypoints (N, 17, 3) and image ids (N,) of random people."""
    boxes = np.hstack((rng.uniform(0, 300, (num_people, 2)), rng.uniform(40, 200, (num_people, 2))))
    places = boxes[:, None, :2] + rng.uniform(size=(num_people, 17, 2)) * boxes[:, None, 2:]
    visibility = rng.integers(0, 3, (num_people, 17, 1))
    visibility[:, 0] = 2
    return {
        "boxes": boxes,
        "keypoints": np.concatenate((places, visibility), axis=2),
        "image_ids": rng.integers(1, num_images + 1, num_people),
    }


def write_annotations(json_file: str, people: dict, num_images: int) -> None:
    rows = zip(*people.values(), strict=True)
    annotations = [
        {
            "id": number,
            "image_id": int(image_id),
            "category_id": 1,
            "iscrowd": 0,
            "bbox": box.tolist(),
            "area": float(box[2] * box[3] * 0.6),
            "keypoints": keypoints.ravel().tolist(),
            "num_keypoints": int((keypoints[:, 2] > 0).sum()),
        }
        for number, (box, keypoints, image_id) in enumerate(rows, start=1)
    ]
    images = [
        {"id": number, "file_name": f"{number}.jpg", "width": 640, "height": 480}
        for number in range(1, num_images + 1)
    ]
    categories = [{"id": 1, "name": "person"}]
    with open(json_file, "w") as file:
        json.dump({"images": images, "annotations": annotations, "categories": categories}, file)


def make_predictions(
    rng: np.random.Generator, people: dict, num_detections: int, batch_size: int
) -> list[tuple[list[dict], list[dict]]]:
    """Return batches of (inputs, outputs): people found again with noise, several times over."""
    chosen = rng.integers(0, len(people["boxes"]), num_detections)
    keypoints = people["keypoints"][chosen] + rng.normal(0, 6, (num_detections, 17, 3))
    keypoints[..., 2] = rng.uniform(size=(num_detections, 17))
    corners = people["boxes"][chosen]
    corners[:, 2:] += corners[:, :2]
    scores = rng.uniform(size=num_detections)
    batches = []
    for start in range(0, num_detections, batch_size):
        inputs, outputs = [], []
        for row in range(start, min(start + batch_size, num_detections)):
            instances = Instances((480, 640))
            instances.pred_keypoints = torch.tensor(keypoints[row : row + 1]).float()
            instances.scores = torch.tensor(scores[row : row + 1]).float()
            instances.pred_boxes = Boxes(torch.tensor(corners[row : row + 1]).float())
            outputs.append({"instances": instances})
            inputs.append(
                {
                    "image_id": int(people["image_ids"][chosen[row]]),
                    "annotation_id": -1,
                    "box_score": float(scores[row]),
                    "person_box": tuple(corners[row]),
                    "crop_to_image": np.eye(2, 3),
                }
            )
        batches.append((inputs, outputs))
    return batches
