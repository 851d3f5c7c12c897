"""Whole-image samples with random pixels and people, and small models for them."""

import numpy as np
import torch
from detectron2.config import CfgNode

from .tiny import tiny_config

BOTTOM_UP_RULES = ("AdaAnchor", "FixAnchor", "HeatmapAnchor", "HigherHeatmapAnchor")
CENTER_RULES = ("AdaAnchor", "FixAnchor", "HeatmapAnchor")
WHOLE_IMAGES = {
    "INPUT__MAPPER": "WholeImageMapper",
    "MODEL__TIMM__OUT_FEATURES": ["res2"],
    "MODEL__NECK__NAME": "SelectFeature",
    "MODEL__NECK__IN_FEATURE": "res2",
}


def bottom_up_config(rule: str = "AdaAnchor", **overrides) -> CfgNode:
    """A config of a tiny ``BottomUpPose`` with stride 4 and joint tags."""
    return tiny_config(
        rule, **{"MODEL__META_ARCHITECTURE": "BottomUpPose", **WHOLE_IMAGES, **overrides}
    )


def center_config(rule: str = "AdaAnchor", **overrides) -> CfgNode:
    """A config of a tiny ``CenterPose`` with stride 4 and the plain offset branch."""
    defaults = {
        "MODEL__META_ARCHITECTURE": "CenterPose",
        "MODEL__CENTER__OFFSET_BRANCH": "plain",
        "MODEL__CENTER__PLAIN_CHANNELS": 16,
        "MODEL__CENTER__TRUNK_CHANNELS": 8,
    }
    return tiny_config(rule, **{**defaults, **WHOLE_IMAGES, **overrides})


def assert_independent_of_batch(model) -> None:
    """Images of several sizes give the same keypoints together and alone."""
    sizes = [(64, 64), (32, 96), (64, 64), (96, 32)]
    samples = [make_crowd_sample(seed, size=size) for seed, size in enumerate(sizes)]
    with torch.no_grad():
        together = model(samples)
        alone = [model([sample])[0] for sample in samples]
    for a, b in zip(together, alone, strict=True):
        torch.testing.assert_close(a["keypoints"], b["keypoints"], rtol=1e-4, atol=1e-3)


def make_crowd_sample(
    seed: int, num_people: int = 3, size: tuple[int, int] = (64, 64), num_keypoints: int = 17
) -> dict:
    """A sample of ``WholeImageMapper``; everybody's first keypoint is labelled and inside."""
    rng = np.random.default_rng(seed)
    height, width = size
    xy = rng.uniform(-0.2, 1.2, (num_people, num_keypoints, 2)) * [width, height]
    xy[:, 0] = rng.uniform(0.1, 0.9, (num_people, 2)) * [width, height]
    visibility = rng.integers(0, 3, (num_people, num_keypoints, 1))
    visibility[:, 0] = 2
    people = np.concatenate((xy, visibility), axis=2).astype(np.float32)
    return {
        "image": torch.from_numpy(rng.integers(0, 256, (3, height, width), dtype=np.uint8)),
        "people_keypoints": torch.from_numpy(people),
        "annotation_ids": list(range(1, num_people + 1)),
        "ignore_mask": torch.zeros(height, width, dtype=torch.uint8),
        "crop_to_image": np.array([[2.0, 0.0, 10.0], [0.0, 2.0, 20.0]]),
        "file_name": f"{seed}.jpg",
        "image_id": seed,
        "height": 400,
        "width": 300,
    }


def assert_people(result: dict, num_keypoints: int = 17) -> None:
    """Check the form of a model's result for a sample of :func:`make_crowd_sample`, with people."""
    people = result["instances"]
    keypoints = people.pred_keypoints
    assert people.image_size == (400, 300) and 0 < len(people) <= 30
    assert keypoints.shape == (len(people), num_keypoints, 3) and keypoints.isfinite().all()
    assert people.pred_keypoint_anchors.shape == (len(people), num_keypoints, 2)
    torch.testing.assert_close(people.scores, keypoints[..., 2].mean(dim=1))
    assert people.pred_boxes.tensor.shape == (len(people), 4)
