#!/usr/bin/env python
"""Hide growing shares of people behind things or beyond a border; compare what models still find.

    python tools/stress_test.py \\
        --model ada/config.yaml ada/seed0/model_final.pth ada/seed1/model_final.pth \\
        --model heatmap/config.yaml heatmap/seed0/model_final.pth heatmap/seed1/model_final.pth \\
        --dataset coco_keypoints_val --output-dir output/stress -- MODEL.DEVICE cpu

Several weight files of one config, of other seeds, become one curve with mean and standard
deviation. All models see the very same people and things. The hidden fraction is the share of a
person's box (of its part inside the image) that is covered (occluder) or cut off (truncation). Of
the keypoints annotated visible some are then covered, some outside the network's input (truncation)
and the rest uncovered; errors are in pixels of the network input that shows the untouched person.
Writes stress.csv, and for each kind its curves and examples of what was hidden.
"""

import argparse
import csv
import os

from adaanchor_d2.arguments import output_folder, threshold
from adaanchor_d2.data.stress import STRESS_KINDS, check_stress
from adaanchor_d2.engine.stress_run import StressTest, spread_evenly
from adaanchor_d2.engine.trained_models import choose_models
from adaanchor_d2.errors import run_command
from adaanchor_d2.evaluation.stress_report import GROUPS
from adaanchor_d2.visualization.stress import draw_stress_curves, draw_stress_examples

COLUMNS = ("kind", "model", "weights", "fraction", "hidden_fraction", "group")
FIGURES = ("keypoints", "error", "error_before", "recall", "precision", "score")
NUM_EXAMPLES, NUM_EXAMPLE_FRACTIONS = 4, 6


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--model",
        nargs="+",
        action="append",
        required=True,
        metavar=("CONFIG", "WEIGHTS"),
        help="a config file and the weights of one or more seeds; may be given several times",
    )
    parser.add_argument("--titles", nargs="+", help="of the models; default: their anchor rules")
    parser.add_argument("--dataset", metavar="NAME", help="default: the first config's test set")
    parser.add_argument(
        "--kind", nargs="+", choices=tuple(STRESS_KINDS), default=list(STRESS_KINDS)
    )
    parser.add_argument(
        "--fractions",
        nargs="+",
        type=float,
        default=[0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7],
        help="of the box to hide, 0 to 0.95 (default: 0 to 0.7); 0 is always among them",
    )
    parser.add_argument(
        "--confidence-threshold",
        type=threshold,
        default=0.5,
        help="keypoints with a lower score count as not found (default: 0.5)",
    )
    parser.add_argument("--seed", type=int, default=0, help="of the things and borders")
    parser.add_argument("--limit", type=int, default=500, help="people at most (default: 500)")
    parser.add_argument(
        "--output-dir", type=output_folder, default="output/stress", help="where the files go"
    )
    parser.add_argument("opts", nargs=argparse.REMAINDER, help="config options: KEY VALUE ...")
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    for fraction in args.fractions:
        check_stress(fraction, args.seed)
    choices = choose_models(args.model, args.titles, args.dataset, args.opts)
    test = StressTest(choices, args.limit, args.seed, args.confidence_threshold)
    os.makedirs(args.output_dir, exist_ok=True)
    rows = []
    for kind in args.kind:
        print(f"{kind}: {len(test.records)} boxes of {test.dataset_name} ...", flush=True)
        rows += draw(args, test, kind, list(test.rows(kind, sorted({0.0, *args.fractions}))))
    path = os.path.join(args.output_dir, "stress.csv")
    write_csv(path, rows)
    print(path)


def draw(args: argparse.Namespace, test: StressTest, kind: str, rows: list[dict]) -> list[dict]:
    """Write the curves and the examples of a kind; return its rows."""
    groups = [group for group in GROUPS if any(row["group"] == group for row in rows)]
    title = f"{kind}, {test.dataset_name} ({len(test.records)} boxes)"
    what = f"recall and precision: scores of at least {args.confidence_threshold:g}"
    if any(len(words) > 2 for words in args.model):
        what += "; bands: standard deviation over weight files"
    curves = draw_stress_curves(rows, groups, f"{title}\n{what}")
    fractions = spread_evenly(sorted({row["fraction"] for row in rows}), NUM_EXAMPLE_FRACTIONS)
    people = spread_evenly(test.records, NUM_EXAMPLES)
    columns = [test.samples(kind, fraction, people) for fraction in fractions]
    examples = draw_stress_examples(list(zip(*columns, strict=True)), title)
    for name, figure in (("curves", curves), ("examples", examples)):
        path = os.path.join(args.output_dir, f"{kind}_{name}.png")
        figure.savefig(path, dpi=110)
        print(path)
    return rows


def write_csv(path: str, rows: list[dict]) -> None:
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, (*COLUMNS, *FIGURES))
        writer.writeheader()
        writer.writerows({key: _rounded(value) for key, value in row.items()} for row in rows)


def _rounded(value):
    return round(value, 4) if isinstance(value, float) else value


if __name__ == "__main__":
    run_command(main)
