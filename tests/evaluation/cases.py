"""Made-up data sets, predictions and a reference evaluation for the evaluation tests."""

import json
import uuid

import numpy as np
import torch
from detectron2.data import MetadataCatalog
from detectron2.structures import Boxes, Instances
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from adaanchor_d2.data.skeletons import Skeleton
from adaanchor_d2.evaluation import CocoKeypointEvaluator

COCO_SIGMAS = (
    *(0.026, 0.025, 0.025, 0.035, 0.035, 0.079, 0.079, 0.072, 0.072),
    *(0.062, 0.062, 0.107, 0.107, 0.087, 0.087, 0.089, 0.089),
)
# Crop pixels to image pixels of every made-up sample: half the size, and a shift.
CROP_TO_IMAGE = np.array([[0.5, 0.0, 12.25], [0.0, 0.5, -7.75]])
METRICS = ("AP", "AP50", "AP75", "APm", "APl", "AR", "AR50", "AR75", "ARm", "ARl")


def register(json_file, sigmas=COCO_SIGMAS) -> str:
    """Give the file a data set's metadata and return the data set's name."""
    name = f"evaluation_test_{uuid.uuid4().hex}"
    MetadataCatalog.get(name).set(
        json_file=str(json_file),
        evaluator_type="coco_keypoints",
        skeleton=make_skeleton(sigmas),
    )
    return name


def make_skeleton(sigmas=COCO_SIGMAS) -> Skeleton:
    indices = tuple(range(len(sigmas)))
    names = tuple(f"point_{index}" for index in indices)
    return Skeleton("made up", names, flip_indices=indices, edges=(), sigmas=sigmas)


def make_evaluator(json_file, sigmas=COCO_SIGMAS, **changes) -> CocoKeypointEvaluator:
    arguments = {
        "dataset_name": register(json_file, sigmas),
        "output_dir": None,
        "has_confidence": True,
        "person_boxes": "ground_truth",
        "rescore_threshold": 0.2,
        "oks_nms_threshold": 0.9,
        "confidence_thresholds": (0.1, 0.5, 0.9),
        "oks_sigmas": (),
    }
    return CocoKeypointEvaluator(**(arguments | changes))


def write_small_set(path, num_keypoints=17, seed=0):
    """Six images: several people, two crowds, people without keypoints, an image without people."""
    rng = np.random.default_rng(seed)
    annotations = []
    for image_id, num_people in {3: 1, 5: 4, 6: 3, 8: 2, 9: 5}.items():
        for _ in range(num_people):
            number = len(annotations) + 1
            annotations.append(_make_person(rng, number, image_id, num_keypoints))
    images = [
        {"id": number, "height": 480, "width": 640, "file_name": f"{number}.jpg"}
        for number in (3, 5, 6, 7, 8, 9)
    ]
    content = {
        "images": images,
        "annotations": annotations,
        "categories": [{"id": 1, "name": "person"}],
    }
    path.write_text(json.dumps(content))
    return path


def _make_person(rng, number, image_id, num_keypoints):
    left, top = rng.uniform(0, 300, 2)
    width, height = rng.uniform(20, 200, 2)
    visibility = rng.choice([0, 1, 2], num_keypoints)
    visibility[0] = 2
    if number % 5 == 0:
        visibility[:] = 0
    keypoints = np.zeros((num_keypoints, 3))
    keypoints[:, 0] = rng.integers(left, left + width, num_keypoints)
    keypoints[:, 1] = rng.integers(top, top + height, num_keypoints)
    keypoints[:, 2] = visibility
    keypoints[visibility == 0] = 0
    return {
        "id": number,
        "image_id": image_id,
        "category_id": 1,
        "iscrowd": int(number % 7 == 0),
        "bbox": [left, top, width, height],
        "area": 0.6 * width * height,
        "num_keypoints": int((visibility > 0).sum()),
        "keypoints": keypoints.ravel().tolist(),
    }


def read_people(json_file) -> list[dict]:
    """The annotations that are evaluated in ground-truth boxes."""
    annotations = json.loads(json_file.read_text())["annotations"]
    return [a for a in annotations if a["num_keypoints"] > 0 and not a["iscrowd"]]


def image_keypoints(annotation) -> np.ndarray:
    """(K, 3) with x and y in continuous image pixels, as a reader gives them."""
    return np.array(annotation["keypoints"], dtype=np.float64).reshape(-1, 3) + [0.5, 0.5, 0.0]


def make_pair(annotation, keypoints, box_score=1.0, detector=False):
    """One mapped sample and the model output with ``keypoints`` (K, 3), for a person's box."""
    left, top, width, height = annotation["bbox"]
    sample = {
        "file_name": f"{annotation['image_id']}.jpg",
        # Only its shape is read: the box, padded by a quarter, in crop pixels.
        "image": torch.zeros(()).expand(3, round(2.5 * height), round(2.5 * width)),
        "image_id": annotation["image_id"],
        "annotation_id": -1 if detector else annotation["id"],
        "crop_to_image": CROP_TO_IMAGE.copy(),
    }
    if not detector:
        crop = image_keypoints(annotation)
        crop[:, :2] = (crop[:, :2] - CROP_TO_IMAGE[:, 2]) / 0.5
        sample["keypoints"] = torch.tensor(crop, dtype=torch.float32)
    instances = Instances((480, 640))
    instances.pred_keypoints = torch.tensor(np.asarray(keypoints), dtype=torch.float32)[None]
    instances.scores = torch.tensor([box_score], dtype=torch.float32)
    instances.pred_boxes = Boxes(torch.tensor([[left, top, left + width, top + height]]))
    return sample, {"instances": instances}


def noisy_keypoints(annotation, rng, noise=4.0) -> np.ndarray:
    """(K, 3): the annotated places (anywhere in the box where there are none) moved, and scores."""
    keypoints = image_keypoints(annotation)
    left, top, width, height = annotation["bbox"]
    fixed_rng = np.random.default_rng(annotation["id"])  # the same for each detection of a person
    anywhere = fixed_rng.uniform([left, top], [left + width, top + height], (len(keypoints), 2))
    keypoints[:, :2] = np.where(keypoints[:, 2:] > 0, keypoints[:, :2], anywhere)
    keypoints[:, :2] += rng.normal(0, noise, (len(keypoints), 2)) * rng.uniform(0, 3)
    keypoints[:, 2] = rng.uniform(0, 1, len(keypoints))
    return keypoints


def ground_truth_pairs(json_file, rng) -> list[tuple[dict, dict]]:
    return [make_pair(a, noisy_keypoints(a, rng)) for a in read_people(json_file)]


def detector_pairs(json_file, rng, per_person=4) -> list[tuple[dict, dict]]:
    """Several detections of each annotated person, crowds and keypoint-less people included."""
    annotations = json.loads(json_file.read_text())["annotations"]
    pairs = []
    for annotation in annotations:
        for _ in range(per_person):
            keypoints = noisy_keypoints(annotation, rng, noise=2.0)
            # Coarse scores, so that ties occur.
            score = float(rng.integers(1, 10)) / 10
            bbox = (np.array(annotation["bbox"]) + rng.uniform(-1, 1, 4)).tolist()
            pairs.append(make_pair(annotation | {"bbox": bbox}, keypoints, score, detector=True))
    return [pairs[index] for index in rng.permutation(len(pairs))]


def process(evaluator, pairs, batch_size=5) -> None:
    for start in range(0, len(pairs), batch_size):
        samples, outputs = zip(*pairs[start : start + batch_size], strict=True)
        evaluator.process(list(samples), list(outputs))


def reference_ap(json_file, result_file, sigmas=COCO_SIGMAS) -> dict[str, float]:
    """What pycocotools says of a result file; figures that do not exist are left out."""
    ground_truth = COCO(str(json_file))
    evaluation = COCOeval(ground_truth, ground_truth.loadRes(str(result_file)), "keypoints")
    evaluation.params.kpt_oks_sigmas = np.array(sigmas)
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    stats = zip(METRICS, evaluation.stats, strict=True)
    return {name: 100 * value for name, value in stats if value >= 0}
