#!/usr/bin/env python
"""Read a keypoint data set and say what is wrong with it, by file and id or line.

    python tools/check_dataset.py coco_keypoints_train
    python tools/check_dataset.py --json my.json --images my_images --skeleton coco

Exit status: 0 when nothing is wrong, 1 when something is, 2 when the command itself is.
"""

import argparse
import os
import sys
from functools import reduce

from adaanchor_d2.data import Skeleton, get_skeleton
from adaanchor_d2.data.build import get_dataset_skeleton
from adaanchor_d2.data.check import CheckReport, check_detections, check_keypoint_dataset
from adaanchor_d2.data.check_entries import check_entries
from adaanchor_d2.data.datasets.coco_rules import COCO_RULES
from adaanchor_d2.data.datasets.crowdpose import CROWDPOSE_RULES
from adaanchor_d2.data.datasets.register import (
    DatasetFiles,
    DatasetFormat,
    find_dataset_files,
    get_dataset_format,
)
from adaanchor_d2.engine.config_file import load_config
from adaanchor_d2.errors import InputError, run_command
from adaanchor_d2.evaluation import build_evaluator
from adaanchor_d2.evaluation.mpii_evaluator import NoGroundTruthError

# Skeletons whose files in COCO's format have rules of their own.
RULES_OF_SKELETONS = {"crowdpose": CROWDPOSE_RULES}


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("dataset", nargs="?", help="name of a registered data set")
    parser.add_argument("--json", metavar="FILE", help="a COCO keypoint file, not registered")
    parser.add_argument("--images", metavar="DIR", help="its image folder")
    parser.add_argument(
        "--skeleton", default="coco", help="its skeleton, whose rules it keeps (default: coco)"
    )
    parser.add_argument(
        "--detections",
        metavar="FILE",
        default="",
        help="a detector's person boxes (default: the data set's own, where they are there)",
    )
    return parser.parse_args()


def check(args: argparse.Namespace) -> CheckReport:
    if args.dataset and not (args.json or args.images):
        return check_registered(args.dataset, args.detections)
    if args.dataset or not (args.json and args.images):
        raise InputError("Give either the name of a data set or both --json and --images.")
    skeleton = get_skeleton(args.skeleton)
    rules = RULES_OF_SKELETONS.get(skeleton.name, COCO_RULES)
    return check_keypoint_dataset(args.json, args.images, skeleton, args.detections, rules)


def check_registered(name: str, person_detections_file: str) -> CheckReport:
    skeleton = get_dataset_skeleton(name)
    files = find_dataset_files(name)
    dataset_format = get_dataset_format(name)
    if dataset_format.choose_entry_format is None:
        detections = person_detections_file or existing_detections(files)
        return check_coco_parts(files, dataset_format, skeleton, detections)
    if person_detections_file:
        raise InputError("Only data sets in COCO's format have image ids for --detections.")
    entry_format = dataset_format.choose_entry_format(files.annotation_file)
    report = check_entries(entry_format, files.annotation_file, files.image_root, skeleton)
    if not report.problems:
        report.problems += evaluation_problems(name)
    return report


def evaluation_problems(name: str) -> list[str]:
    """What the data set's evaluator would refuse: ground truth of its own that does not fit."""
    try:
        build_evaluator(load_config(), name, None, has_confidence=True)
    except NoGroundTruthError as error:
        print(error)
    except InputError as error:
        return [str(error)]
    return []


def check_coco_parts(
    files: DatasetFiles, dataset_format: DatasetFormat, skeleton: Skeleton, detections: str
) -> CheckReport:
    """Check each file that the data set is read from, and what only all of them together tell."""
    parts = dataset_format.find_parts(files.annotation_file)
    rules = dataset_format.coco_rules
    if len(parts) == 1:
        return check_keypoint_dataset(parts[0], files.image_root, skeleton, detections, rules)
    reports = [
        check_keypoint_dataset(part, files.image_root, skeleton, "", rules) for part in parts
    ]
    report = reduce(CheckReport.joined, reports)
    if report.problems:
        return report
    try:
        images = dataset_format.load(files, skeleton)  # refuses ids that two files give
    except InputError as error:
        report.problems.append(str(error))
    else:
        if detections:
            check_detections(report, detections, [image["image_id"] for image in images])
    return report


def existing_detections(files: DatasetFiles) -> str:
    """The data set's own detector file, or "", said in a line, where it is absent."""
    path = files.person_detections_file
    if path and not os.path.isfile(path):
        print(f"no detector boxes at {path}: only INPUT.PERSON_BOXES detector needs them")
        return ""
    return path


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
