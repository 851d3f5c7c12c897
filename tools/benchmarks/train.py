"""A training step, the share of selection and losses in it, and inference by anchor rule."""

import argparse

import numpy as np
import torch
from detectron2.modeling import build_model

from adaanchor_d2.engine.config_file import load_config

from .timing import interleave


def time_train(args: argparse.Namespace) -> dict:
    """A training step, the share of selection and losses in it, and inference by rule."""

    def build(rule: str | None = None):
        rule_options = [] if rule is None else ["MODEL.KEYPOINT_HEAD.NAME", rule]
        options = ["MODEL.DEVICE", args.device, "MODEL.TIMM.PRETRAINED", "False"]
        return build_model(load_config(args.config_file, args.opts + options + rule_options))

    torch.manual_seed(0)
    cfg = load_config(args.config_file, args.opts)
    samples = [_random_sample(cfg, seed) for seed in range(args.batch_size)]
    model = build().train()
    for module in model.modules():
        if hasattr(module, "set_iteration"):
            module.set_iteration(cfg.SOLVER.MAX_ITER)  # the rule after its warm-up
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-5)
    targets, supervised = model.keypoint_targets(samples)
    with torch.no_grad():
        maps = model.head.predict(model.neck(model.backbone(model.preprocess_images(samples))))
    require_gradients(maps)

    def step() -> None:
        optimizer.zero_grad()
        sum(model(samples).values()).backward()
        optimizer.step()

    def selection_and_losses() -> None:
        assignment = model.head.label(maps, targets)
        sum(model.head.losses(maps, targets, assignment, supervised).values()).backward()

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
        "targets": len(targets),
        **training,
        "selection_and_losses_share": round(
            training["selection_and_losses_ms"] / training["step_ms"], 4
        ),
        **inference,
        "ada_over_heatmap_inference": round(
            inference["inference_AdaAnchor_ms"] / inference["inference_HeatmapAnchor_ms"], 4
        ),
    }


def require_gradients(maps) -> None:
    """Make all tensors of a head's maps leaves with gradients."""
    if isinstance(maps, torch.Tensor):
        maps.requires_grad_()
    elif maps is not None and not isinstance(maps, int):
        for part in maps if isinstance(maps, tuple) else vars(maps).values():
            require_gradients(part)


def _random_sample(cfg, seed: int) -> dict:
    """A sample of noise; each keypoint is labelled with probability 0.7 (in COCO: 0.65)."""
    rng = np.random.default_rng(seed)
    height, width = cfg.INPUT.CROP_SIZE
    num_keypoints = cfg.MODEL.KEYPOINT_HEAD.NUM_KEYPOINTS
    xy = rng.uniform(0, 1, (num_keypoints, 2)) * [width, height]
    visibility = 2.0 * (rng.uniform(size=(num_keypoints, 1)) < 0.7)
    return {
        "image": torch.from_numpy(rng.integers(0, 256, (3, height, width), dtype=np.uint8)),
        "keypoints": torch.from_numpy(np.hstack((xy, visibility)).astype(np.float32)),
        "crop_to_image": np.eye(2, 3),
        "person_box": (0.0, 0.0, float(width), float(height)),
        "box_score": 1.0,
        "height": height,
        "width": width,
    }
