"""Train and evaluate anchor rules on synthetic people, faces or crowds and compare them.

    python tools/quickstart.py [--subject people] [--output-dir output/quickstart] [--seed 0]

Writes the data, trains AdaAnchor, FixAnchor and the sub-pixel heatmap side by side with the same
network, data order and schedule, prints one table, and leaves ``summary.json``, ``curves.png``,
the training runs, their ``report.html`` and, of people and faces, ``anchors.png`` in the output
folder.
"""

import argparse
import json
import os
import time
from pathlib import Path

from detectron2.data import DatasetCatalog, MetadataCatalog
from detectron2.modeling import build_model
from quickstart_subjects import RULES, SUBJECTS, Subject
from tabulate import tabulate

from adaanchor_d2.data import build_mapper
from adaanchor_d2.data.keypoint_cases import PeopleSamples, choose_cases
from adaanchor_d2.engine.checks import check_best_figure, check_settings
from adaanchor_d2.engine.config_file import load_config
from adaanchor_d2.engine.trained_models import load_trained_model
from adaanchor_d2.errors import InputError, run_command
from adaanchor_d2.experiments.training import TrainingRun, device_options, train_runs
from adaanchor_d2.report import load_runs, write_report
from adaanchor_d2.visualization.anchor_views import view_anchors
from adaanchor_d2.visualization.anchors import draw_anchor_figure
from adaanchor_d2.visualization.curves import draw_curves, read_metrics

ROOT = Path(__file__).resolve().parents[1]
NUM_DRAWN = 6  # keypoints in anchors.png


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--subject", choices=tuple(SUBJECTS), default="people")
    parser.add_argument(
        "--rules", nargs="+", choices=tuple(RULES), default=list(RULES)[:3], metavar="RULE"
    )
    parser.add_argument("--output-dir", type=Path, help="default: output/ and the configs' folder")
    parser.add_argument("--num-train", type=int, default=2000, help="training images to draw")
    parser.add_argument("--num-val", type=int, default=300, help="validation images to draw")
    parser.add_argument("--seed", type=int, default=0, help="of the networks and the data order")
    parser.add_argument("opts", nargs=argparse.REMAINDER, help="config options: KEY VALUE ...")
    args = parser.parse_args()
    start = time.time()
    subject = SUBJECTS[args.subject]
    output_dir = (args.output_dir or Path("output") / subject.configs).resolve()
    data_root = output_dir / "datasets"
    os.environ["DETECTRON2_DATASETS"] = str(data_root)
    configs = {
        rule: str(ROOT / "configs" / subject.configs / f"{RULES[rule]}.yaml") for rule in args.rules
    }
    for rule, config in configs.items():
        if not Path(config).is_file():
            parser.error(f"--rules {rule} does not serve --subject {args.subject}")
    options = [
        *device_options(),
        "SEED",
        str(args.seed),
        *(opt for opt in args.opts if opt != "--"),
    ]
    check_before_drawing(args, configs, options)
    crop_size = load_config(configs[args.rules[0]], options).INPUT.CROP_SIZE
    print(f"Writing {args.num_train} + {args.num_val} synthetic images to {data_root} ...")
    subject.write_data(
        data_root / subject.data_folder,
        num_train=args.num_train,
        num_val=args.num_val,
        workers=os.cpu_count() or 1,
        overwrite=True,
    )
    print(f"Training {', '.join(configs)} side by side ({time.time() - start:.0f} s so far) ...")
    training = [
        TrainingRun(rule, config, options, output_dir / rule) for rule, config in configs.items()
    ]
    seconds = train_runs(training, ROOT / "train_net.py", num_jobs=len(training))
    runs = {rule: read_metrics(output_dir / rule) for rule in configs}
    summary = {rule: summarize(runs[rule], subject.columns, seconds[rule]) for rule in configs}
    (output_dir / "summary.json").write_text(json.dumps(summary, indent=1) + "\n")
    draw_curves(runs, subject.curves).savefig(output_dir / "curves.png", dpi=110)
    if subject.is_cropped:
        draw_anchors(configs, output_dir, options)
    report = write_runs_report(configs, output_dir)
    print_summary(summary, subject, crop_size)
    print(f"Pictures, summary and runs are in {output_dir} ({time.time() - start:.0f} s in all).")
    print(f"See the runs side by side, with every person: {report}")


def check_before_drawing(
    args: argparse.Namespace, configs: dict[str, str], options: list[str]
) -> None:
    """Raise InputError for flags and options that would stop the runs after minutes of drawing."""
    for flag in ("num_train", "num_val"):
        if getattr(args, flag) < 1:
            raise InputError(f"--{flag.replace('_', '-')} must be above 0, not {vars(args)[flag]}.")
    for config in configs.values():
        cfg = load_config(config, options)
        check_settings(cfg)
        check_best_figure(cfg)
        build_model(cfg)


def summarize(records: list[dict], columns: dict[str, str], seconds: float) -> dict[str, float]:
    """Return the summary's figures from the last evaluation of a run."""
    evaluations = [record for record in records if next(iter(columns.values())) in record]
    if not evaluations:
        raise InputError("A training run wrote no evaluation; its output.txt says why.")
    last = evaluations[-1]
    summary = {name: round(last[key], 4) for name, key in columns.items() if key in last}
    return {**summary, "seconds": round(seconds, 1)}


def write_runs_report(configs: dict[str, str], output_dir: Path) -> Path:
    runs = load_runs([output_dir / rule for rule in configs], list(configs))
    path = output_dir / "report.html"
    write_report(runs, path)
    return path


def print_summary(
    summary: dict[str, dict[str, float]], subject: Subject, crop_size: tuple[int, int]
) -> None:
    height, width = crop_size
    rows = [{"anchor rule": rule, **figures} for rule, figures in summary.items()]
    print(f"\n{tabulate(rows, headers='keys', floatfmt='.3f')}\n")
    print(subject.legend.format(height=height, width=width) + "\n")


def draw_anchors(configs: dict[str, str], output_dir: Path, options: list[str]) -> None:
    """Draw from where the rules, FixAnchor excepted, find keypoints of the validation set."""
    drawn = {rule: config for rule, config in configs.items() if rule != "FixAnchor"}
    cfg = load_config(next(iter(configs.values())), options)
    name, mapper = cfg.DATASETS.TEST[0], build_mapper(cfg, is_train=False)
    people = PeopleSamples(mapper.records(DatasetCatalog.get(name), name), mapper)
    names = MetadataCatalog.get(name).keypoint_names
    kinds = [k for k, n in enumerate(names) if n not in ("left_eye", "right_eye")]
    cases = choose_cases(people, kinds, people.states_told, limit=NUM_DRAWN)
    seen = [(*people.look(case), case.kind) for case in cases]
    views = {}
    for rule, config in reversed(drawn.items()):
        model = load_trained_model(
            load_config(config, options), str(output_dir / rule / "model_final.pth")
        )
        views[rule] = view_anchors(model, seen, cfg.INPUT.FORMAT)
    titles = [people.describe(case, names) for case in cases]
    draw_anchor_figure(titles, views).savefig(output_dir / "anchors.png", dpi=110)


if __name__ == "__main__":
    run_command(main)
