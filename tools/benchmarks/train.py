"""A training step, the share of targets, selection and losses in it, and inference by rule."""

import argparse

import numpy as np
import torch
from detectron2.modeling import build_model

from adaanchor_d2.engine.config_file import load_config

from .timing import interleave

NUM_PEOPLE = 5


def time_train(args: argparse.Namespace) -> dict:
    """A training step, the share of targets, selection and losses in it, inference by rule.

    For every meta-architecture. A rule that cannot do without further options (weights of a frozen
    tagger) needs them on the command line.
    """

    def build(rule: str | None = None):
        rule_options = [] if rule is None else ["MODEL.KEYPOINT_HEAD.NAME", rule]
        options = ["MODEL.DEVICE", args.device, "MODEL.TIMM.PRETRAINED", "False"]
        return build_model(load_config(args.config_file, args.opts + options + rule_options))

    torch.manual_seed(0)
    cfg = load_config(args.config_file, args.opts)
    is_whole = cfg.INPUT.MAPPER == "WholeImageMapper"
    make_sample = _random_image if is_whole else _random_crop
    samples = [make_sample(cfg, seed) for seed in range(args.batch_size)]
    model = build().train()
    for module in model.modules():
        if hasattr(module, "set_iteration"):
            module.set_iteration(cfg.SOLVER.MAX_ITER)  # the rule after its warm-up
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-5)
    images = model.preprocess_images(samples)
    with torch.no_grad():
        maps = model.dense_maps(getattr(images, "tensor", images))
    for tensor in model.named_maps(maps).values():
        tensor.requires_grad_()

    def step() -> None:
        optimizer.zero_grad()
        sum(model(samples).values()).backward()
        optimizer.step()

    def selection_and_losses() -> None:
        sum(model.losses(maps, samples).values()).backward()

    training = interleave(
        {"step": step, "selection_and_losses": selection_and_losses}, args.repeats, args.device
    )
    models = {rule: build(rule).eval() for rule in ("AdaAnchor", "HeatmapAnchor")}

    @torch.no_grad()
    def infer(rule: str) -> None:
        models[rule](samples)

    inference = interleave(
        {f"inference_{rule}": lambda rule=rule: infer(rule) for rule in models},
        args.repeats,
        args.device,
    )
    return {
        "config": args.config_file,
        "batch_size": args.batch_size,
        "labelled_keypoints": sum(int((keypoints_of(s)[..., 2] > 0).sum()) for s in samples),
        **training,
        "selection_and_losses_share": round(
            training["selection_and_losses_ms"] / training["step_ms"], 4
        ),
        **inference,
        "ada_over_heatmap_inference": round(
            inference["inference_AdaAnchor_ms"] / inference["inference_HeatmapAnchor_ms"], 4
        ),
    }


def keypoints_of(sample: dict) -> torch.Tensor:
    return sample["keypoints" if "keypoints" in sample else "people_keypoints"]


def _random_crop(cfg, seed: int) -> dict:
    """A person's crop of noise, with keypoints all over it."""
    rng = np.random.default_rng(seed)
    height, width = cfg.INPUT.CROP_SIZE
    keypoints = _random_keypoints(cfg, rng, np.zeros(2), np.array([width, height]))
    return {
        **_random_pixels(rng, height, width),
        "keypoints": torch.from_numpy(keypoints),
        "person_box": (0.0, 0.0, float(width), float(height)),
        "box_score": 1.0,
    }


def _random_image(cfg, seed: int) -> dict:
    """An image of noise with five people (CrowdPose has 4, COCO 2.6), a third of it wide."""
    rng = np.random.default_rng(seed)
    height, width = cfg.INPUT.CROP_SIZE
    size = np.array([width, height]) / 3
    people = [
        _random_keypoints(cfg, rng, rng.uniform(0, 2, 2) * size, size) for _ in range(NUM_PEOPLE)
    ]
    return {
        **_random_pixels(rng, height, width),
        "people_keypoints": torch.from_numpy(np.stack(people)),
        "ignore_mask": torch.zeros(height, width, dtype=torch.uint8),
    }


def _random_keypoints(cfg, rng, corner: np.ndarray, size: np.ndarray) -> np.ndarray:
    """(K, 3) in a box; each keypoint is labelled with probability 0.7 (in COCO: 0.65)."""
    num_keypoints = cfg.MODEL.KEYPOINT_HEAD.NUM_KEYPOINTS
    xy = corner + rng.uniform(0, 1, (num_keypoints, 2)) * size
    visibility = 2.0 * (rng.uniform(size=(num_keypoints, 1)) < 0.7)
    return np.hstack((xy, visibility)).astype(np.float32)


def _random_pixels(rng, height: int, width: int) -> dict:
    return {
        "image": torch.from_numpy(rng.integers(0, 256, (3, height, width), dtype=np.uint8)),
        "crop_to_image": np.eye(2, 3),
        "height": height,
        "width": width,
    }
