"""Small configs and samples that build in milliseconds."""

from pathlib import Path

import numpy as np
import torch
from detectron2.config import CfgNode, get_cfg
from detectron2.modeling import build_model

from adaanchor_d2 import add_adaanchor_config

RULES = ("AdaAnchor", "FixAnchor", "HeatmapAnchor", "RegressionAnchor")


def tiny_config(rule: str = "AdaAnchor", **overrides) -> CfgNode:
    """A CPU config with a 0.1 M parameter network and 64x48 crops.

    ``overrides`` are config keys with ``__`` for the dots, e.g. ``SOLVER__MAX_ITER=3``.
    """
    cfg = get_cfg()
    add_adaanchor_config(cfg)
    cfg.merge_from_list(
        [
            *("MODEL.META_ARCHITECTURE", "SinglePose", "MODEL.DEVICE", "cpu"),
            *("MODEL.BACKBONE.NAME", "build_timm_backbone"),
            *("MODEL.TIMM.NAME", "test_resnet", "MODEL.TIMM.PRETRAINED", False),
            *("MODEL.NECK.CHANNELS", 16, "MODEL.KEYPOINT_HEAD.NAME", rule),
            *("MODEL.PIXEL_MEAN", [120.0] * 3, "MODEL.PIXEL_STD", [60.0] * 3),
            *("INPUT.FORMAT", "RGB", "INPUT.CROP_SIZE", (64, 64)),
            *("DATALOADER.ASPECT_RATIO_GROUPING", False, "DATALOADER.NUM_WORKERS", 0),
            *("SOLVER.WARMUP_ITERS", 0, "SOLVER.WEIGHT_DECAY", 0.0, "SOLVER.BASE_LR", 0.001),
        ]
    )
    flat = [part for key, value in overrides.items() for part in (key.replace("__", "."), value)]
    cfg.merge_from_list(flat)
    return cfg


def with_saved_weights(cfg: CfgNode, path: Path) -> CfgNode:
    """Return ``cfg`` with MODEL.WEIGHTS at random weights that are saved as ``path``.

    Statistics and last layers are such that keypoints are found here and there.
    """
    torch.manual_seed(0)
    model = build_model(cfg)
    for name, parameter in model.named_parameters():
        if "predictor.weight" in name:
            torch.nn.init.normal_(parameter, std=0.3)
    torch.save({"model": model.state_dict()}, path)
    cfg.MODEL.WEIGHTS = str(path)
    return cfg


def gradients(model, samples: list[dict]) -> tuple[dict, dict]:
    """Return the losses of a training step, and {name: gradient} of the weights that get one."""
    losses = model(samples)
    sum(losses.values()).backward()
    return losses, {name: p.grad for name, p in model.named_parameters() if p.grad is not None}


def make_sample(seed: int, height: int = 64, width: int = 64, num_keypoints: int = 17) -> dict:
    """A mapped sample with random pixels, keypoints inside and outside, some unlabelled."""
    rng = np.random.default_rng(seed)
    xy = rng.uniform(-0.2, 1.2, (num_keypoints, 2)) * [width, height]
    visibility = rng.integers(0, 3, (num_keypoints, 1))
    visibility[0] = 2
    return {
        "image": torch.from_numpy(rng.integers(0, 256, (3, height, width), dtype=np.uint8)),
        "keypoints": torch.from_numpy(np.hstack((xy, visibility)).astype(np.float32)),
        "crop_to_image": np.array([[2.0, 0.0, 10.0], [0.0, 2.0, 20.0]]),
        "file_name": f"{seed}.jpg",
        "image_id": seed,
        "annotation_id": seed,
        "box_score": 0.75,
        "person_box": [10.0, 20.0, 138.0, 148.0],
        "height": 400,
        "width": 300,
    }
