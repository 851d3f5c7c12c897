#!/usr/bin/env python
"""Draw the people of a result file beside the ground truth.

    python tools/visualize_json_results.py --input output/inference/coco_instances_results.json \
        --output pictures --dataset coco_keypoints_val

Takes what the evaluators write: coco_instances_results.json (COCO, CrowdPose and other files in
COCO's form, a competitor's as well) and keypoint_predictions.json (WFLW's faces, MPII). Left is
blue, right orange; hidden keypoints of the ground truth are rings. Images with neither predictions
nor annotated people are left out.
"""

import argparse
import os
from collections.abc import Iterator

import cv2
import numpy as np
from detectron2.data import DatasetCatalog
from tqdm import tqdm

from adaanchor_d2.arguments import count, output_folder, threshold
from adaanchor_d2.data import Skeleton
from adaanchor_d2.data.build import get_dataset_skeleton
from adaanchor_d2.data.image_reader import read_image
from adaanchor_d2.errors import InputError, run_command
from adaanchor_d2.evaluation.image_predictions import Table
from adaanchor_d2.evaluation.predicted_people import read_predicted_people
from adaanchor_d2.visualization.comparison import draw_comparison


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--input", required=True, metavar="FILE", help="JSON of results")
    parser.add_argument(
        "--output", type=output_folder, required=True, metavar="DIR", help="where the pictures go"
    )
    parser.add_argument("--dataset", default="coco_keypoints_val", metavar="NAME")
    parser.add_argument(
        "--conf-threshold",
        type=threshold,
        default=0.3,
        metavar="X",
        help="predicted keypoints with a lower score are not drawn (default: 0.3)",
    )
    parser.add_argument(
        "--person-threshold",
        type=float,
        default=0.0,
        metavar="X",
        help="predicted people with a lower score are not drawn (default: 0)",
    )
    parser.add_argument(
        "--limit", type=count, metavar="N", help="number of pictures (default: all)"
    )
    parser.add_argument(
        "--show-anchors", action="store_true", help="arrows from the anchors to the keypoints"
    )
    return parser.parse_args()


def choose_records(records: list[dict], people: Table) -> list[dict]:
    """Return the records of the images that have something to draw."""
    predicted = set(people["image_id"].tolist())
    shown = [r for r in records if r["annotations"] or r["image_id"] in predicted]
    print(f"{len(shown)} of {len(records)} images have predicted or annotated people")
    return shown


def draw_records(
    records: list[dict], people: Table, skeleton: Skeleton, args: argparse.Namespace
) -> Iterator[tuple[dict, np.ndarray]]:
    """Yield (record, picture)."""
    for record in records:
        is_shown = people["image_id"] == record["image_id"]
        if "score" in people:
            is_shown &= people["score"] >= args.person_threshold
        picture = draw_comparison(
            read_image(record["file_name"]),
            people["keypoints"][is_shown],
            record["annotations"],
            skeleton,
            threshold=args.conf_threshold,
            anchors=people["anchors"][is_shown] if args.show_anchors else None,
        )
        yield record, picture


def main() -> None:
    args = parse_args()
    skeleton = get_dataset_skeleton(args.dataset)
    records = DatasetCatalog.get(args.dataset)
    people = read_predicted_people(args.input, args.dataset, records)
    if args.show_anchors and "anchors" not in people:
        raise InputError(f"--show-anchors: {args.input} has people without keypoint_anchors.")
    records = choose_records(records, people)[: args.limit]
    os.makedirs(args.output, exist_ok=True)
    drawn = draw_records(records, people, skeleton, args)
    for record, picture in tqdm(drawn, total=len(records), unit="image"):
        stem = os.path.splitext(os.path.basename(record["file_name"]))[0]
        path = os.path.join(args.output, f"{record['image_id']}_{stem}.jpg")
        if not cv2.imwrite(path, picture):
            raise InputError(f"Picture {path} cannot be written.")


if __name__ == "__main__":
    run_command(main)
