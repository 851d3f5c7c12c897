"""Command-line options and steps that the tools for grids of training runs share."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from quickstart_subjects import SUBJECTS, Subject

from adaanchor_d2.arguments import count, output_folder
from adaanchor_d2.data.datasets.builtin import data_root
from adaanchor_d2.engine.checks import check_training
from adaanchor_d2.engine.config_file import load_config
from adaanchor_d2.errors import InputError
from adaanchor_d2.experiments.drawn_data import draw_once
from adaanchor_d2.experiments.rows import Row
from adaanchor_d2.experiments.runs import grid_runs, unfinished_runs
from adaanchor_d2.experiments.training import (
    TrainingRun,
    default_num_jobs,
    device_options,
    train_runs,
)

ROOT = Path(__file__).resolve().parents[1]


def add_grid_options(parser: argparse.ArgumentParser, seeds: list[int]) -> None:
    option = parser.add_argument
    option("--config-file", default=str(ROOT / "configs/quickstart/ada.yaml"), metavar="FILE")
    option("--output-dir", type=output_folder, required=True)
    option("--seeds", type=int, nargs="+", default=seeds, help="of networks and data order")
    option("--jobs", type=int, default=default_num_jobs(), help="trainings at a time")
    option(
        "--data-seed",
        type=int,
        help="draw the quick start's data with this seed into OUTPUT_DIR/datasets (the quick "
        "start itself draws seed 0, on which its settings were chosen); without it the data lie "
        "in $DETECTRON2_DATASETS",
    )
    option("--num-train", type=count, default=2000, help="training images to draw")
    option("--num-val", type=count, default=1000, help="test images to draw")
    option("opts", nargs=argparse.REMAINDER, help="config options of all rows: KEY VALUE ...")


def train_grid(args: argparse.Namespace, rows: Sequence[Row]) -> None:
    """Train what is not trained yet of rows x seeds, on data that are drawn first if asked."""
    if args.jobs < 1:
        raise InputError(f"--jobs is {args.jobs}, but must be at least 1.")
    if len(set(args.seeds)) < len(args.seeds):
        raise InputError("--seeds names a seed more than once.")
    if min(args.seeds) < 0:
        raise InputError(f"--seeds names {min(args.seeds)}: seeds are 0 or more.")
    args.output_dir = args.output_dir.resolve()
    options = [*device_options(), *(opt for opt in args.opts if opt != "--")]
    runs = grid_runs(rows, args.seeds, args.output_dir, options)
    waiting = unfinished_runs(runs)  # reads every config: mistakes are told before any work
    if args.data_seed is not None:
        _draw_data(args)
    for run in waiting:
        _check_run(run, args)
    print(f"{len(runs) - len(waiting)} of {len(runs)} runs are there; training {len(waiting)}.")
    train_runs(waiting, ROOT / "train_net.py", args.jobs)


def _check_run(run: TrainingRun, args: argparse.Namespace) -> None:
    """Check a run's config; where the quick start's data are missing, say what draws them."""
    try:
        check_training(load_config(run.config_file, run.options))
    except InputError as error:
        subject = _subject(args.config_file)
        folder = Path(data_root()) / subject.data_folder if subject else None
        if folder and not folder.exists() and str(folder) in str(error):
            raise InputError(f"{folder} does not exist: --data-seed 1 draws these data.") from None
        raise


def _subject(config_file: str) -> Subject | None:
    """The quick start that a config belongs to."""
    folder_name = Path(config_file).resolve().parent.name
    return next((s for s in SUBJECTS.values() if s.configs == folder_name), None)


def _draw_data(args: argparse.Namespace) -> None:
    subject = _subject(args.config_file)
    if subject is None:
        raise InputError(
            f"--data-seed draws the quick starts' data, but {args.config_file} is no config of "
            "theirs: leave it out and set DETECTRON2_DATASETS."
        )
    root = args.output_dir / "datasets"
    os.environ["DETECTRON2_DATASETS"] = str(root)
    drawn = draw_once(
        subject.write_data,
        root / subject.data_folder,
        seed=args.data_seed,
        num_train=args.num_train,
        num_val=args.num_val,
        workers=os.cpu_count() or 1,
    )
    print(f"{'Drew' if drawn else 'Found'} the data in {root}.")
