#!/usr/bin/env python
"""Draw from where models find keypoints (figure 4 of the paper), side by side.

    python tools/visualize_anchors.py --model ada/config.yaml ada/model_final.pth \\
        --model heatmap/config.yaml heatmap/model_final.pth --dataset coco_keypoints_val \\
        --keypoints left_wrist right_ankle --output-dir output/anchors -- MODEL.DEVICE cpu

For each keypoint: where it is and the heatmap's anchor; for each model the anchors that its
training would select, and the one that inference uses, with an arrow to what is found from it;
and beside it the maps of its candidates: their confidence, and the score s of eq. 9 by which
AdaAnchor selects. Bottom-up models show what is located nearest to the person's keypoint, before
grouping; single-stage ones the anchors of the person's centre, and from it the pose's keypoint.
Where several people compete for the same candidates, one of them may be left without; so is a
keypoint outside the input whose Gaussian misses a heatmap.

--cover and --cut hide a share of every person's box first (models of person crops), as
tools/stress_test.py does: cut-off people have keypoints outside the network's input.
"""

import argparse
import os

from detectron2.data import DatasetCatalog

from adaanchor_d2.arguments import count, output_folder
from adaanchor_d2.data.build import build_mapper, get_dataset_skeleton
from adaanchor_d2.data.keypoint_cases import (
    STATES,
    KeypointCase,
    PeopleSamples,
    cases_of,
    choose_cases,
    keypoint_kinds,
)
from adaanchor_d2.data.stress import StressMapper
from adaanchor_d2.engine.trained_models import choose_models
from adaanchor_d2.errors import InputError, run_command
from adaanchor_d2.visualization.anchor_views import view_anchors
from adaanchor_d2.visualization.anchors import draw_anchor_figure

MAPS = {"confidence": "confidence", "score": "score s"}


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--model",
        nargs=2,
        action="append",
        required=True,
        metavar=("CONFIG", "WEIGHTS"),
        help="a config file and its weights; give it for each model",
    )
    parser.add_argument("--titles", nargs="+", help="of the models; default: their anchor rules")
    parser.add_argument("--dataset", metavar="NAME", help="default: the first config's test set")
    parser.add_argument("--keypoints", nargs="+", metavar="NAME", help="types (default: all)")
    parser.add_argument(
        "--states", nargs="+", choices=STATES, help="default: all that the data set has"
    )
    parser.add_argument(
        "--annotation-ids", nargs="+", type=int, metavar="ID", help="these people, every keypoint"
    )
    parser.add_argument(
        "--maps", nargs="*", choices=tuple(MAPS), default=list(MAPS), help="default: both"
    )
    hiding = parser.add_mutually_exclusive_group()
    hiding.add_argument("--cover", type=float, metavar="FRACTION", help="put things before people")
    hiding.add_argument("--cut", type=float, metavar="FRACTION", help="cut people off")
    parser.add_argument("--seed", type=int, default=0, help="of --cover and --cut")
    parser.add_argument("--limit", type=count, default=6, help="keypoints (default: 6)")
    parser.add_argument("--rows", type=count, default=6, help="keypoints a picture (default: 6)")
    parser.add_argument(
        "--output-dir", type=output_folder, default="output/anchors", help="where the pictures go"
    )
    parser.add_argument("opts", nargs=argparse.REMAINDER, help="config options: KEY VALUE ...")
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    choices = choose_models(args.model, args.titles, args.dataset, args.opts)
    skeleton = get_dataset_skeleton(choices[0].cfg.DATASETS.TEST[0])
    kinds = keypoint_kinds(skeleton.names, args.keypoints)
    people = [read_people(args, choice.cfg) for choice in choices]
    cases = find_cases(args, people[0], kinds)
    views = {}
    for choice, samples in zip(choices, people, strict=True):
        seen = [(*samples.look(case), case.kind) for case in cases]
        views[choice.title] = view_anchors(choice.load()[0], seen, choice.cfg.INPUT.FORMAT)
    titles = [people[0].describe(case, skeleton.names) for case in cases]
    write_pictures(args, titles, views)


def read_people(args: argparse.Namespace, cfg) -> PeopleSamples:
    """Return the samples of a model's kind, of the data set that all share."""
    name = cfg.DATASETS.TEST[0]
    mapper = build_mapper(cfg, is_train=False)
    records = mapper.records(DatasetCatalog.get(name), name)
    kind, fraction = ("occluder", args.cover) if args.cut is None else ("truncation", args.cut)
    if fraction is None:
        return PeopleSamples(records, mapper)
    if cfg.INPUT.MAPPER != "PersonCropMapper":
        raise InputError(
            f"INPUT.MAPPER is {cfg.INPUT.MAPPER}, but --cover and --cut need a model of person "
            "crops (PersonCropMapper)."
        )
    options = {"kind": kind, "fraction": fraction, "seed": args.seed}
    return PeopleSamples(records, StressMapper(mapper, **options, image_format=cfg.INPUT.FORMAT))


def find_cases(
    args: argparse.Namespace, people: PeopleSamples, kinds: list[int]
) -> list[KeypointCase]:
    """Return the keypoints asked for, and tell how many of each state there are."""
    if args.annotation_ids:
        cases = cases_of(people, args.annotation_ids, kinds)[: args.limit]
    else:
        cases = choose_cases(people, kinds, args.states or people.states_told, args.limit)
    if not cases:
        raise InputError("--keypoints and --states leave no keypoint of the data set to look at.")
    count = {state: sum(case.state == state for case in cases) for state in STATES}
    listing = ", ".join(f"{number} {state}" for state, number in count.items() if number)
    print(f"{len(cases)} of at most {args.limit} keypoints: {listing}")
    return cases


def write_pictures(args: argparse.Namespace, titles: list[str], views: dict[str, list]) -> None:
    os.makedirs(args.output_dir, exist_ok=True)
    maps = [MAPS[name] for name in args.maps]
    for number, start in enumerate(range(0, len(titles), args.rows)):
        rows = slice(start, start + args.rows)
        of_rows = {model: of_model[rows] for model, of_model in views.items()}
        path = os.path.join(args.output_dir, f"anchors_{number:02d}.png")
        draw_anchor_figure(titles[rows], of_rows, maps).savefig(path, dpi=110)
        print(path)


if __name__ == "__main__":
    run_command(main)
