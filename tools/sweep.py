#!/usr/bin/env python
"""Sweep the confidence threshold, the number of anchors or sigma; writes a CSV and a picture.

    python tools/sweep.py gamma --runs output/quickstart_centers --output-dir output/sweep_gamma
    python tools/sweep.py gamma --model ada/config.yaml ada/model_final.pth --values 0.1 0.5 \\
        --output-dir output/sweep_gamma -- MODEL.DEVICE cpu
    python tools/sweep.py k --values 1 2 4 8 16 --data-seed 1 --output-dir output/sweep_k
    python tools/sweep.py sigma --values 1 2 3 4 --data-seed 1 --output-dir output/sweep_sigma

``gamma`` (figure 5) takes trained models. Runs are output folders of ``train_net.py`` or folders of
them, those that differ in their seed only become one line; their figures are those that
training evaluated last, or with ``--values`` those of their final weights at these thresholds, all
from one pass. Of ``--model`` several weight files are seeds. ``k`` (figure 6) and ``sigma`` train
a run for each value and seed, or use those that are finished in
``OUTPUT_DIR/<parameter><value>/seed<k>``.
"""

import argparse
import math
from collections.abc import Sequence
from pathlib import Path

from grid_options import add_grid_options, train_grid

from adaanchor_d2.arguments import output_folder
from adaanchor_d2.engine.checks import check_confidence
from adaanchor_d2.engine.config_file import load_config, look_up
from adaanchor_d2.engine.trained_models import ModelChoice, choose_models
from adaanchor_d2.errors import InputError, run_command
from adaanchor_d2.experiments.figures import find_figures
from adaanchor_d2.experiments.rows import Row
from adaanchor_d2.experiments.runs import CONFIG, FINAL_WEIGHTS, last_evaluation, run_folder
from adaanchor_d2.experiments.sweep import SweepPoint, check_values, to_panels, write_csv
from adaanchor_d2.experiments.thresholds import (
    check_thresholds,
    evaluated_points,
    recorded_points,
)
from adaanchor_d2.report import Run, load_runs
from adaanchor_d2.report.seeds import group_seeds
from adaanchor_d2.visualization.sweeps import draw_sweep

RULE = "MODEL.KEYPOINT_HEAD.NAME"
# Parameter -> its key, default values, the least, and the rules that have it.
TRAINED = {
    "k": ("MODEL.KEYPOINT_HEAD.NUM_ANCHORS", [1, 2, 4, 8, 16], 1, ("AdaAnchor", "FixAnchor")),
    "sigma": ("MODEL.KEYPOINT_HEAD.SIGMA", [1, 1.5, 2, 3, 4], 1e-3, ("AdaAnchor",)),
}
THRESHOLDS = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="parameter", required=True)
    gamma = commands.add_parser("gamma", help="the confidence threshold, of trained models")
    option = gamma.add_argument
    option("--runs", nargs="+", type=Path, default=[], metavar="DIR", help="folders of runs")
    option("--model", nargs="+", action="append", default=[], metavar=("CONFIG", "WEIGHTS"))
    option("--titles", nargs="+", help="of the models; default: their anchor rules")
    option("--values", type=float, nargs="+", help="thresholds; default: those of the runs")
    option("--output-dir", type=output_folder, required=True)
    option("opts", nargs=argparse.REMAINDER, help="config options of all models: KEY VALUE ...")
    for parameter, (key, values, *_) in TRAINED.items():
        trained = commands.add_parser(parameter, help=f"{key}, one training for each value")
        trained.add_argument("--values", type=float, nargs="+", default=values)
        add_grid_options(trained, seeds=[0])
    args = parser.parse_args()
    points = sweep_gamma(args) if args.parameter == "gamma" else sweep_trained(args)
    write(points, args.parameter, args.output_dir)


def sweep_gamma(args: argparse.Namespace) -> list[SweepPoint]:
    if not args.runs and not args.model:
        raise InputError("--runs and --model are both missing: name what to evaluate.")
    values = check_thresholds(args.values) if args.values else None
    groups = group_seeds(load_runs(args.runs)) if args.runs else []
    for group in groups:
        check_confidence(str(group.config.get(RULE)), str(group.runs[0].folder))
    titles = [group.title for group in groups]
    sets = {words[0]: test_set_of(words[0], args.opts) for words in args.model}
    if values is None and groups:
        if args.opts and not args.model:
            raise InputError("Config options change nothing that is recorded: give --values.")
        sets |= {str(g.runs[0].folder): g.config.get("DATASETS.TEST") or () for g in groups}
        check_test_sets(sets)
        points = [p for group in groups for run in group.runs for p in recorded(group.title, run)]
        choices = []
    else:
        words = [[str(g.runs[0].folder / CONFIG), *map(final_weights, g.runs)] for g in groups]
        sets |= {of_run[0]: test_set_of(of_run[0], args.opts) for of_run in words}
        check_test_sets(sets)
        points = []
        choices = choose_models(words, titles, options=args.opts)
    choices += choose_models(args.model, args.titles, options=args.opts, taken=titles)
    return points + evaluate_models(choices, values, args.output_dir)


def check_test_sets(sets: dict[str, Sequence[str]]) -> None:
    """Raise InputError unless all lines of the picture are of one test set, by its name.

    Args:
        sets: {run's folder or config: its DATASETS.TEST}.
    """
    names = {source: ", ".join(of_source) for source, of_source in sets.items()}
    first = next(iter(names))
    for source, name in names.items():
        if name != names[first]:
            raise InputError(
                f"{source} is evaluated on {name} but {first} on {names[first]}: --values and, "
                "after --, DATASETS.TEST evaluate all models on one test set."
            )


def test_set_of(config_file: str, options: list[str]) -> Sequence[str]:
    return load_config(config_file, options).DATASETS.TEST


def recorded(row: str, run: Run) -> list[SweepPoint]:
    takes_images = run.config.get("INPUT.MAPPER") == "WholeImageMapper"
    seed = str(run.config.get("SEED"))
    points = recorded_points(row, seed, run.last_evaluation, takes_images)
    if not points:
        raise InputError(
            f"{run.folder} has no metrics.json with an evaluation at several thresholds: give "
            "--values to evaluate its weights."
        )
    return points


def final_weights(run: Run) -> str:
    if not (run.folder / FINAL_WEIGHTS).is_file():
        raise InputError(f"{run.folder} holds no finished run: it has no {FINAL_WEIGHTS}.")
    return str(run.folder / FINAL_WEIGHTS)


def evaluate_models(
    choices: list[ModelChoice], values: list[float] | None, output_dir: Path
) -> list[SweepPoint]:
    for model in choices:
        check_confidence(look_up(model.cfg, RULE), model.config_file)
    points = []
    for model in choices:
        for seed, weights in enumerate(model.weight_files):
            print(f"Evaluating {weights} ...", flush=True)
            folder = output_dir / "evaluations" / model.title / str(seed)
            points += evaluated_points(
                model.title, str(seed), model.cfg, weights, values or THRESHOLDS, folder
            )
    return points


def sweep_trained(args: argparse.Namespace) -> list[SweepPoint]:
    key, _, least, rules = TRAINED[args.parameter]
    rule = look_up(load_config(args.config_file), RULE)
    if rule not in rules:
        raise InputError(f"--config-file {args.config_file}: {rule} has no {key}.")
    values = check_values(args.values, key, least, below=math.inf)
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
