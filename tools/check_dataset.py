#!/usr/bin/env python
"""Read a keypoint data set and say what is wrong with it, by file and id.

    python tools/check_dataset.py coco_keypoints_train
    python tools/check_dataset.py --json my.json --images my_images --skeleton coco

Exit status: 0 when nothing is wrong, 1 when something is, 2 when the command itself is.
"""

import argparse
import sys

from adaanchor_d2.data import get_skeleton
from adaanchor_d2.data.build import get_dataset_skeleton
from adaanchor_d2.data.check import CheckReport, check_keypoint_dataset
from adaanchor_d2.data.datasets.register import find_dataset_files
from adaanchor_d2.errors import InputError, run_command


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("dataset", nargs="?", help="name of a registered data set")
    parser.add_argument("--json", metavar="FILE", help="a COCO keypoint file, not registered")
    parser.add_argument("--images", metavar="DIR", help="its image folder")
    parser.add_argument("--skeleton", default="coco", help="its skeleton (default: coco)")
    parser.add_argument(
        "--detections", metavar="FILE", default="", help="a detector's person boxes"
    )
    return parser.parse_args()


def check(args: argparse.Namespace) -> CheckReport:
    if args.dataset and not (args.json or args.images):
        skeleton = get_dataset_skeleton(args.dataset)
        files = find_dataset_files(args.dataset)
        return check_keypoint_dataset(files.json_file, files.image_root, skeleton, args.detections)
    if args.dataset or not (args.json and args.images):
        raise InputError("Give either the name of a data set or both --json and --images.")
    return check_keypoint_dataset(
        args.json, args.images, get_skeleton(args.skeleton), args.detections
    )


def main() -> None:
    report = check(parse_args())
    for problem in report.problems:
        print(problem)
    for name, count in report.summary.items():
        print(f"{name}: {count}")
    print(f"problems: {len(report.problems)}")
    sys.exit(1 if report.problems else 0)


if __name__ == "__main__":
    run_command(main)
