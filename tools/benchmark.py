"""Time the parts of the project; prints one JSON object with machine, versions and medians.

    python tools/benchmark.py data --dataset coco_keypoints_train
    python tools/benchmark.py train --config-file configs/coco_single/ada_R50_256x192.yaml
    python tools/benchmark.py assign --targets 400
    python tools/benchmark.py eval --images 5000

Times are medians in milliseconds; what is compared runs interleaved, so read the ratios.
"""

import argparse
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable

import numpy as np
import torch

import adaanchor_d2
from adaanchor_d2.engine.config_file import load_config
from adaanchor_d2.errors import InputError, run_command


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    tasks = parser.add_subparsers(dest="task", required=True)
    data = tasks.add_parser("data", help="a sample against its JPEG decode; image-grouped order")
    data.add_argument("--dataset", default="coco_keypoints_train")
    train = tasks.add_parser("train", help="a training step, its selection and losses; inference")
    train.add_argument("--config-file", required=True)
    train.add_argument("--batch-size", type=int, default=32)
    assign = tasks.add_parser("assign", help="the assigners")
    assign.add_argument("--targets", type=int, default=400)
    assign.add_argument("--map-size", type=int, nargs=2, default=(64, 48), metavar=("H", "W"))
    evaluation = tasks.add_parser("eval", help="COCO evaluation of made-up people")
    evaluation.add_argument("--images", type=int, default=5000)
    evaluation.add_argument("--detections", type=int, default=100000)
    for task in (data, train, assign, evaluation):
        task.add_argument("--repeats", type=int, default=20)
        task.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
        task.add_argument("opts", nargs=argparse.REMAINDER, help="KEY VALUE pairs")
    args = parser.parse_args()
    run = {"data": time_data, "train": time_train, "assign": time_assign, "eval": time_eval}
    result = {"task": args.task, **describe_machine(args.device), **run[args.task](args)}
    print(json.dumps(result, indent=1))


def describe_machine(device: str) -> dict:
    return {
        "machine": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "device": torch.cuda.get_device_name() if device == "cuda" else device,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "adaanchor_d2": adaanchor_d2.__version__,
    }


def interleave(functions: dict[str, Callable], repeats: int, device: str = "cpu") -> dict:
    """Return {name: median milliseconds} of functions called in turn, after one warm-up each."""
    times = {name: [] for name in functions}
    for repeat in range(repeats + 1):
        for name, function in functions.items():
            if device == "cuda":
                torch.cuda.synchronize()
            start = time.perf_counter()
            function()
            if device == "cuda":
                torch.cuda.synchronize()
            if repeat:
                times[name].append((time.perf_counter() - start) * 1e3)
    return {f"{name}_ms": round(statistics.median(values), 4) for name, values in times.items()}


def time_data(args: argparse.Namespace) -> dict:
    """JPEG decode alone, a whole training sample, and samples in image-grouped order."""
    from detectron2.data import DatasetCatalog

    from adaanchor_d2.data.build import build_mapper
    from adaanchor_d2.data.image_reader import read_image

    options = ["DATASETS.TRAIN", f"('{args.dataset}',)", "INPUT.FORMAT", "RGB", *args.opts]
    mapper = build_mapper(load_config("", options), is_train=True)
    people = mapper.records(DatasetCatalog.get(args.dataset), args.dataset)
    by_image: dict[str, list[dict]] = {}
    for person in people:
        by_image.setdefault(person["file_name"], []).append(person)
    if len(by_image) < 2:
        raise InputError(f"--dataset {args.dataset} has fewer than two images with people.")
    grouped = [person for group in by_image.values() for person in group]
    # One person an image, twice over, so that no two neighbours share a decoded image.
    apart = [group[0] for group in by_image.values()] * 2
    times = {"decode": [], "sample": [], "sample_grouped": []}
    for _ in range(args.repeats):
        for person in apart:
            times["decode"].append(_seconds(lambda p=person: read_image(p["file_name"])))
            mapper._reader.__init__()
            times["sample"].append(_seconds(lambda p=person: mapper(p)))
        mapper._reader.__init__()
        times["sample_grouped"].append(
            _seconds(lambda: [mapper(person) for person in grouped]) / len(grouped)
        )
    medians = {name: statistics.median(values) * 1e3 for name, values in times.items()}
    means = {name: statistics.fmean(values) * 1e3 for name, values in times.items()}
    return {
        "people": len(people),
        "people_per_image": round(len(people) / len(by_image), 3),
        **{f"{name}_ms": round(value, 4) for name, value in medians.items()},
        "sample_over_decode": round(medians["sample"] / medians["decode"], 3),
        "samples_per_second": round(1e3 / means["sample"], 1),
        "grouped_samples_per_second": round(1e3 / means["sample_grouped"], 1),
    }


def _seconds(function: Callable) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def time_train(args: argparse.Namespace) -> dict:
    """A training step, the share of selection and losses in it, and inference by rule."""
    from detectron2.modeling import build_model

    def build(rule: str | None = None):
        rule_options = [] if rule is None else ["MODEL.KEYPOINT_HEAD.NAME", rule]
        options = ["MODEL.DEVICE", args.device, "MODEL.TIMM.PRETRAINED", "False"]
        return build_model(load_config(args.config_file, args.opts + options + rule_options))

    torch.manual_seed(0)
    cfg = load_config(args.config_file, args.opts)
    samples = [_random_sample(cfg, seed) for seed in range(args.batch_size)]
    model = build().train()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-5)
    targets, supervised = model.keypoint_targets(samples)
    with torch.no_grad():
        maps = model.head.predict(model.neck(model.backbone(model.preprocess_images(samples))))
    map_tensors = list(vars(maps).values()) if hasattr(maps, "__dict__") else [maps]
    for tensor in map_tensors:
        tensor.requires_grad_()

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


def _random_sample(cfg, seed: int) -> dict:
    """A sample of noise with 17 of 25 keypoints labelled, as in COCO on average, or so."""
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


def time_assign(args: argparse.Namespace) -> dict:
    """Both assigners on random maps, for a number of targets and for a tenth of it."""
    from adaanchor_d2.modeling.anchors import (
        AdaAnchorAssigner,
        AnchorMaps,
        FixedAnchorAssigner,
        KeypointTargets,
    )

    torch.manual_seed(0)
    height, width = args.map_size
    types = 17
    batch = max(1, -(-args.targets // types))
    maps = AnchorMaps(
        torch.randn(batch, types, height, width, device=args.device),
        torch.randn(batch, types, 2, height, width, device=args.device),
        torch.randn(batch, types, 2, height, width, device=args.device),
    )
    slots = torch.arange(args.targets, device=args.device)
    targets = KeypointTargets(
        torch.rand(args.targets, 2, device=args.device) * torch.tensor([width, height]).to(slots),
        torch.div(slots, types, rounding_mode="floor"),
        slots % types,
    )
    few = targets[: max(1, args.targets // 10)]
    ada, fixed = AdaAnchorAssigner(), FixedAnchorAssigner()
    functions = {
        "ada": lambda: ada(maps, targets),
        "ada_tenth_of_targets": lambda: ada(maps, few),
        "fixed": lambda: fixed(maps, targets),
    }
    return {"targets": args.targets, **interleave(functions, args.repeats, args.device)}


def time_eval(args: argparse.Namespace) -> dict:
    """Everything after inference: files, OKS-NMS, AP."""
    from adaanchor_d2.evaluation.made_up import make_evaluation

    with tempfile.TemporaryDirectory() as folder:
        evaluator, num_people = make_evaluation(folder, args.images, args.detections)
        seconds = _seconds(evaluator.evaluate)
    return {
        "images": args.images,
        "people": num_people,
        "detections": args.detections,
        "evaluate_s": round(seconds, 2),
    }


if __name__ == "__main__":
    run_command(main)
