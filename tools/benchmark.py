"""Time the parts of the project; prints one JSON object with machine, versions and medians.

    python tools/benchmark.py data --dataset coco_keypoints_train
    python tools/benchmark.py train --config-file configs/coco_single/ada_R50_256x192.yaml
    python tools/benchmark.py trust --config-file configs/coco_single/ada_R50_256x192.yaml
    python tools/benchmark.py assign --targets 400
    python tools/benchmark.py eval --images 5000
    OMP_NUM_THREADS=1 python tools/benchmark.py group --people 1 10 30
    OMP_NUM_THREADS=1 python tools/benchmark.py bottom_up --people 1 10 30 --repeats 5
    OMP_NUM_THREADS=1 python tools/benchmark.py center --people 1 10 30
    OMP_NUM_THREADS=1 python tools/benchmark.py dekr --repeats 5

Times are medians over --repeats, in the unit that the name ends in. What is compared runs
interleaved, so read the ratios.
"""

import argparse
import json

import torch
from benchmarks.assign import time_assign
from benchmarks.bottom_up import time_bottom_up
from benchmarks.center import time_center
from benchmarks.data import time_data
from benchmarks.dekr import time_dekr
from benchmarks.evaluation import time_eval
from benchmarks.group import time_group
from benchmarks.machine import describe_machine
from benchmarks.train import time_train
from benchmarks.trust import time_trust

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
    trust = tasks.add_parser("trust", help="what a consensus and a quality output add to inference")
    trust.add_argument("--config-file", required=True)
    trust.add_argument("--batch-size", type=int, default=8)
    trust.add_argument("--members", type=int, default=10, help="MODEL.KEYPOINT_HEAD.CONSENSUS")
    assign = tasks.add_parser("assign", help="the assigners")
    assign.add_argument("--targets", type=int, default=400)
    assign.add_argument("--people", type=int, default=1, help="in an image, each with 17 targets")
    assign.add_argument("--map-size", type=int, nargs=2, default=(64, 48), metavar=("H", "W"))
    evaluation = tasks.add_parser("eval", help="COCO evaluation of made-up people")
    evaluation.add_argument("--images", type=int, default=5000)
    evaluation.add_argument("--detections", type=int, default=100000)
    group = tasks.add_parser("group", help="what follows the network in bottom-up pose")
    center = tasks.add_parser("center", help="what follows the network in single-stage pose")
    bottom_up = tasks.add_parser("bottom_up", help="the network and what follows it")
    bottom_up.add_argument("--config-file", default="configs/coco_bottom_up/ada_hrnet_w32_512.yaml")
    for task in (group, center, bottom_up):
        task.add_argument("--people", type=int, nargs="+", default=(1, 10, 30))
    dekr = tasks.add_parser("dekr", help="the adaptive convolutions of single-stage pose")
    dekr.add_argument("--keypoints", type=int, default=17)
    dekr.add_argument("--train", action="store_true", help="forward and backward pass")
    for task in (group, center, bottom_up, dekr):
        task.add_argument("--map-size", type=int, nargs=2, default=(128, 128), metavar=("H", "W"))
    for task in (data, train, trust, assign, evaluation, group, center, bottom_up, dekr):
        task.add_argument("--repeats", type=int, default=3 if task in (evaluation, dekr) else 20)
        task.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
        task.add_argument("opts", nargs=argparse.REMAINDER, help="KEY VALUE pairs")
    args = parser.parse_args()
    if args.repeats < 1:
        raise InputError(f"--repeats is {args.repeats}, but must be at least 1.")
    run = {
        "data": time_data,
        "train": time_train,
        "trust": time_trust,
        "assign": time_assign,
        "eval": time_eval,
        "group": time_group,
        "bottom_up": time_bottom_up,
        "center": time_center,
        "dekr": time_dekr,
    }
    result = {"task": args.task, **describe_machine(args.device), **run[args.task](args)}
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    run_command(main)
