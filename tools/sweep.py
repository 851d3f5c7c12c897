"""Sweep the confidence threshold, the number of anchors or sigma; writes a CSV and a picture.

    python tools/sweep.py gamma --runs output/table1/ada output/table1/fix --output-dir DIR
    python tools/sweep.py gamma --model CONFIG WEIGHTS [--model ...] --values 0.1 0.5 --output-dir D
    python tools/sweep.py k --values 1 2 4 8 16 --output-dir output/sweep_k [--data-seed 1]
    python tools/sweep.py sigma --values 1 2 3 4 --output-dir output/sweep_sigma [--data-seed 1]

``gamma`` (figure 5) evaluates trained models, all thresholds from one pass; without ``--values`` it
takes the thresholds that the runs evaluated themselves. A run is a folder of ``train_net.py``, a
row a folder of runs ``seed<k>``, or ``NAME=FOLDER,FOLDER,...``; several models of one ``--model``
config count as seeds. ``k`` (figure 6) and ``sigma`` train a run for each value and seed, or use
those that are finished in ``OUTPUT_DIR/<parameter><value>/seed<k>``.
"""

import argparse
import math
from collections.abc import Sequence
from pathlib import Path

from grid_options import add_grid_options, train_grid

from adaanchor_d2.engine.config_file import load_config, look_up
from adaanchor_d2.errors import InputError, run_command
from adaanchor_d2.experiments.figures import find_figures
from adaanchor_d2.experiments.rows import Row
from adaanchor_d2.experiments.runs import find_runs, last_evaluation, run_folder
from adaanchor_d2.experiments.sweep import SweepPoint, check_values, to_panels, write_csv
from adaanchor_d2.experiments.thresholds import (
    check_thresholds,
    evaluated_points,
    load_run,
    recorded_points,
)
from adaanchor_d2.experiments.training import device_options
from adaanchor_d2.visualization.sweeps import draw_sweep

RULE = "MODEL.KEYPOINT_HEAD.NAME"
# Parameter -> its key, default values, and the rules that have it.
TRAINED = {
    "k": ("MODEL.KEYPOINT_HEAD.NUM_ANCHORS", [1, 2, 4, 8, 16], ("AdaAnchor", "FixAnchor")),
    "sigma": ("MODEL.KEYPOINT_HEAD.SIGMA", [1, 1.5, 2, 3, 4], ("AdaAnchor",)),
}
THRESHOLDS = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="parameter", required=True)
    gamma = commands.add_parser("gamma", help="the confidence threshold, of trained models")
    option = gamma.add_argument
    option("--runs", nargs="+", default=[], metavar="RUN", help="folders of runs or rows")
    option("--model", nargs=2, action="append", default=[], metavar=("CONFIG", "WEIGHTS"))
    option("--values", type=float, nargs="+", help="thresholds; default: those of the runs")
    option("--output-dir", type=Path, required=True)
    option("opts", nargs=argparse.REMAINDER, help="config options of all models: KEY VALUE ...")
    for parameter, (key, values, _) in TRAINED.items():
        trained = commands.add_parser(parameter, help=f"{key}, one training for each value")
        trained.add_argument("--values", type=float, nargs="+", default=values)
        add_grid_options(trained, seeds=[0])
    args = parser.parse_args()
    points = sweep_gamma(args) if args.parameter == "gamma" else sweep_trained(args)
    write(points, args.parameter, args.output_dir)


def sweep_gamma(args: argparse.Namespace) -> list[SweepPoint]:
    if not args.runs and not args.model:
        raise InputError("--runs and --model are both missing: name what to evaluate.")
    rows = [find_runs(text) for text in args.runs]
    values = check_thresholds(args.values) if args.values else None
    options = [*device_options(), *(opt for opt in args.opts if opt != "--")]
    points: list[SweepPoint] = []
    jobs = []
    for row, folders in rows:
        for folder in folders:
            if values is None:
                points += recorded_points(row, str(folder), folder)
            else:
                jobs.append((row, str(folder), load_run(folder, options)))
    for config, weights in args.model:
        cfg = load_config(config, [*options, "MODEL.WEIGHTS", weights])
        jobs.append((Path(config).stem, weights, cfg))
    for number, (row, source, cfg) in enumerate(jobs):
        print(f"Evaluating {source} ...", flush=True)
        folder = args.output_dir / "evaluations" / f"{row}_{number}"
        points += evaluated_points(row, source, cfg, values or THRESHOLDS, folder)
    return points


def sweep_trained(args: argparse.Namespace) -> list[SweepPoint]:
    key, _, rules = TRAINED[args.parameter]
    rule = look_up(load_config(args.config_file), RULE)
    if rule not in rules:
        raise InputError(f"--config-file {args.config_file}: {rule} has no {key}.")
    values = check_values(args.values, key, least=1e-3, below=math.inf)
    if args.parameter == "k" and not all(value.is_integer() for value in map(float, values)):
        raise InputError("--values of k are numbers of anchors, so they must be whole.")
    rows = [
        Row(
            f"{args.parameter}{value:g}",
            rule,
            args.config_file,
            [key, str(int(value) if args.parameter == "k" else float(value))],
        )
        for value in values
    ]
    train_grid(args, rows)
    return [
        _trained_point(rule, seed, value, run_folder(args.output_dir, row.name, seed))
        for row, value in zip(rows, values, strict=True)
        for seed in args.seeds
    ]


def _trained_point(rule: str, seed: int, value: float, folder: Path) -> SweepPoint:
    record = last_evaluation(folder)
    figures = {figure.title: record[name] for name, figure in find_figures([record]).items()}
    return SweepPoint(rule, str(seed), value, figures)


def write(points: Sequence[SweepPoint], parameter: str, output_dir: Path) -> None:
    output_dir.mkdir(parents=True, exist_ok=True)
    write_csv(points, parameter, output_dir / f"{parameter}.csv")
    panels, values = to_panels(points)
    x_label = {"k": "anchors per keypoint, k", "gamma": "confidence threshold, gamma"}
    picture = draw_sweep(panels, values, x_label.get(parameter, parameter), parameter != "gamma")
    picture.savefig(output_dir / f"{parameter}.png", dpi=110)
    print(f"Wrote {parameter}.csv and {parameter}.png to {output_dir}.")


if __name__ == "__main__":
    run_command(main)
