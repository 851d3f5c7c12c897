"""CrowdPose's files: COCO's format, with differences that its evaluation rests on.

People have neither ``area`` (evaluation takes 0.53 x box, and so does the reader) nor
``segmentation``. ``num_keypoints`` counts the first 12 types only, without head and neck; people
whose count is 0 are not evaluated, so the count is kept as the file has it. Images carry
``crowdIndex``. The flags v carry no meaning: those of head and neck are never 2.
"""

import os

import numpy as np

from .coco_rules import CocoRules

# The types that 'num_keypoints' counts: all but head and neck.
NUM_COUNTED = 12
CROWDPOSE_RULES = CocoRules(image_keys=("crowdIndex",), num_counted=NUM_COUNTED)
# People with fewer labelled keypoints do not enter the crowd index. The paper does not say so, but
# of the 2,000 published values of the validation split 76 % follow without, 96 % with this rule.
_MIN_LABELLED = 6


def crowdpose_parts(json_file: str) -> list[str]:
    """Return the files that are read: train and val for a ``crowdpose_trainval.json`` not there."""
    folder, name = os.path.split(json_file)
    if name != "crowdpose_trainval.json" or os.path.exists(json_file):
        return [json_file]
    return [os.path.join(folder, f"crowdpose_{part}.json") for part in ("train", "val")]


def crowd_index(boxes: np.ndarray, keypoints: np.ndarray) -> float:
    """Return how crowded an image is: others' keypoints in a person's box to its own, averaged.

    The mean over people of ``N_others / N_own``: other people's labelled keypoints inside the
    person's box, and the person's own labelled keypoints (CrowdPose, arXiv 1812.00324, eq. 8).
    The mean is over people with at least 6 labelled keypoints; 0 where there are none.

    Args:
        boxes: (P, 4) x, y, width, height.
        keypoints: (P, K, 3) x, y, v, in the boxes' coordinates.
    """
    labelled = keypoints[..., 2] > 0
    low, high = boxes[:, None, None, :2], boxes[:, None, None, :2] + boxes[:, None, None, 2:]
    points = keypoints[None, ..., :2]
    inside = ((points >= low) & (points <= high)).all(-1) & labelled  # (box, person, K)
    counts = inside.sum(-1)
    others = counts.sum(1) - np.diagonal(counts)
    own = labelled.sum(1)
    counted = own >= _MIN_LABELLED
    return float((others[counted] / own[counted]).mean()) if counted.any() else 0.0
