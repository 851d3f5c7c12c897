#!/usr/bin/env python
"""Train a scoring network for single-stage pose on what a model finds in its training images.

    ./train_net.py --eval-only ... DATASETS.TEST "('coco_keypoints_train',)" OUTPUT_DIR found
    python tools/train_scoring.py --gt person_keypoints_train2017.json \\
        --results found/inference/coco_instances_results.json --output weights.pth

The model's own scores are wanted: evaluate it without MODEL.CENTER.SCORE_WEIGHTS, which then takes
the file written. A person is to score its highest OKS with a labelled person of its image; people
in images without one are left out. A tenth of the images is held out, and what is printed is of
these.
"""

import argparse

import numpy as np
import torch

from adaanchor_d2.data import get_skeleton
from adaanchor_d2.engine.score_training import (
    ScoredPoses,
    compare_scores,
    hold_out,
    train_scoring_net,
)
from adaanchor_d2.engine.weight_files import write_atomically
from adaanchor_d2.errors import InputError, run_command
from adaanchor_d2.evaluation.coco_ground_truth import (
    check_image_ids,
    evaluated_people,
    load_coco_ground_truth,
)
from adaanchor_d2.evaluation.coco_results import read_coco_results
from adaanchor_d2.evaluation.multi_person_report import best_similarity
from adaanchor_d2.evaluation.skeleton_evaluators import evaluator_of


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--gt", nargs="+", required=True, metavar="FILE", help="the training set's annotations"
    )
    parser.add_argument(
        "--results", required=True, metavar="FILE", help="coco_instances_results.json"
    )
    parser.add_argument("--skeleton", default="coco", help="coco (default) or crowdpose")
    parser.add_argument("--output", required=True, metavar="FILE", help="file to write, .pth")
    parser.add_argument("--epochs", type=int, default=20, help="default: 20, as DEKR")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def read_people(gt_files: list[str], result_file: str, skeleton_name: str) -> ScoredPoses:
    """Return the predicted people whose image has a labelled person."""
    skeleton = get_skeleton(skeleton_name)
    ground_truth = load_coco_ground_truth(gt_files, skeleton, evaluator_of(skeleton).use_area)
    people = read_coco_results(result_file, skeleton.num_keypoints)
    check_image_ids(people["image_id"], ground_truth, " and ".join(gt_files))
    annotated = evaluated_people(ground_truth, skeleton.num_keypoints)
    similarity = best_similarity(people, annotated, np.array(skeleton.sigmas))
    found = ScoredPoses(people["image_id"], people["keypoints"], people["score"], similarity)
    return found.where(~np.isnan(similarity))


def main() -> None:
    args = parse_args()
    if not args.output.endswith(".pth"):
        raise InputError(f"--output {args.output} must end in .pth.")
    if args.epochs < 1:
        raise InputError(f"--epochs is {args.epochs}, but must be at least 1.")
    people = read_people(args.gt, args.results, args.skeleton)
    training, held_out = hold_out(people, args.seed)
    net = train_scoring_net(training, get_skeleton(args.skeleton), args.epochs, args.seed)
    try:
        write_atomically(args.output, lambda file: torch.save({"model": net.state_dict()}, file))
    except OSError as error:
        raise InputError(f"--output {args.output} cannot be written: {error.strerror}.") from None
    print(report(training, held_out, compare_scores(net, held_out)))
    print(f"written {args.output}")


def report(training: ScoredPoses, held_out: ScoredPoses, comparison: dict) -> str:
    lines = [
        f"people       {len(training.score)} to train on, {len(held_out.score)} held out",
        f"{'held out':20} error   correlation with the OKS",
    ]
    lines += [f"{name:20} {error:5.3f}   {r:6.3f}" for name, (error, r) in comparison.items()]
    return "\n".join(lines)


if __name__ == "__main__":
    run_command(main)
