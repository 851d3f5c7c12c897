#!/usr/bin/env python
"""Say what is wrong with predicted keypoints and what their scores are worth, for any result files
in COCO's form, side by side.

    python tools/analyze_results.py --gt person_keypoints_val2017.json \\
        --results ours/coco_instances_results.json theirs.json --output-dir analysis
    python tools/analyze_results.py --gt F --results F --fit-calibration isotonic \\
        --save-calibration calibration.json       # then: MODEL.KEYPOINT_HEAD.CALIBRATION
    python tools/analyze_results.py --gt F2 --results F2 --calibration calibration.json

Keypoints' scores must be from 0 to 1. Whom a predicted person is compared with: see
adaanchor_d2/analysis/person_matching.py. With --output-dir: figures.json (all figures), joints.csv
(per joint), precision_recall.png, reliability.png, errors.png, errors_by_joint.png.
"""

import argparse
import os

from adaanchor_d2.analysis import ERROR_KINDS, load_matched_keypoints
from adaanchor_d2.analysis.calibration_fit import (
    FITS,
    apply_calibration,
    describe_fit,
    fit_calibration,
)
from adaanchor_d2.analysis.figures import compute_figures
from adaanchor_d2.analysis.files import write_figures
from adaanchor_d2.analysis.tables import format_tables, short_names
from adaanchor_d2.arguments import output_file, output_folder
from adaanchor_d2.data import get_skeleton
from adaanchor_d2.errors import InputError, run_command
from adaanchor_d2.modeling.score_calibration import ScoreCalibration
from adaanchor_d2.visualization.result_curves import (
    draw_errors,
    draw_precision_recall,
    draw_reliability,
)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--gt", required=True, metavar="FILE", help="annotations, COCO's form")
    parser.add_argument(
        "--results", required=True, nargs="+", metavar="FILE", help="coco_instances_results.json"
    )
    parser.add_argument("--skeleton", default="coco", help="of the annotations (default: coco)")
    parser.add_argument(
        "--output-dir", type=output_folder, metavar="DIR", help="gets JSON, CSV and pictures"
    )
    parser.add_argument(
        "--calibration", metavar="FILE", help="a saved calibration to apply to the scores first"
    )
    parser.add_argument(
        "--fit-calibration", choices=sorted(FITS), help="fit one on the only file of --results"
    )
    parser.add_argument(
        "--save-calibration", type=output_file, metavar="FILE", help="where the fitted one goes"
    )
    return parser.parse_args()


def check_args(args: argparse.Namespace) -> None:
    if bool(args.fit_calibration) != bool(args.save_calibration):
        raise InputError("--fit-calibration and --save-calibration need each other.")
    if args.fit_calibration and (args.calibration or len(args.results) > 1):
        raise InputError(
            "--fit-calibration takes one file of --results, and no --calibration before it."
        )
    paths = [os.path.realpath(file) for file in args.results]
    for file, path in zip(args.results, paths, strict=True):
        if paths.count(path) > 1:
            raise InputError(f"--results names {file} more than once.")


def main() -> None:
    args = parse_args()
    check_args(args)
    skeleton = get_skeleton(args.skeleton)
    calibration = ScoreCalibration.read(args.calibration) if args.calibration else None
    figures = {}
    for name, file in zip(short_names(args.results), args.results, strict=True):
        keypoints = load_matched_keypoints(args.gt, file, skeleton)
        if args.fit_calibration:
            args.save_calibration.parent.mkdir(parents=True, exist_ok=True)
            fit_calibration(args.fit_calibration, keypoints, file).write(args.save_calibration)
            print(describe_fit(args.fit_calibration, keypoints, file))
            print(f"written {args.save_calibration}\n")
        if calibration:
            keypoints = apply_calibration(calibration, keypoints)
        figures[name] = compute_figures(keypoints, skeleton.names)
    print(format_tables(figures))
    if args.output_dir:
        os.makedirs(args.output_dir, exist_ok=True)
        for path in [*write_figures(figures, args.output_dir), *draw(figures, args.output_dir)]:
            print(f"written {path}")


def draw(figures: dict[str, dict], output_dir: str) -> list[str]:
    """Write the pictures; returns their paths."""

    def part(key: str) -> dict:
        return {name: file[key] for name, file in figures.items()}

    gammas = next(iter(figures.values()))["gammas"]
    pictures = {
        "precision_recall": draw_precision_recall(part("precision_recall"), gammas),
        "reliability": draw_reliability(part("reliability")),
        "errors": draw_errors(_by_group(part("errors")), ERROR_KINDS),
        "errors_by_joint": draw_errors(part("errors_per_joint"), ERROR_KINDS),
    }
    paths = [os.path.join(output_dir, f"{name}.png") for name in pictures]
    for path, figure in zip(paths, pictures.values(), strict=True):
        figure.savefig(path, dpi=130)
    return paths


def _by_group(counts: dict[str, dict]) -> dict[str, dict]:
    """{file: {group: ...}} -> {"visible keypoints": {file: ...}}, which puts files one below the
    other."""
    groups = next(iter(counts.values()))
    return {
        f"{group} keypoints": {file: of_file[group] for file, of_file in counts.items()}
        for group in groups
    }


if __name__ == "__main__":
    run_command(main)
