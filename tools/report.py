#!/usr/bin/env python
"""Gather output folders of training runs into one HTML page that needs no network.

    python tools/report.py --runs output/quickstart --output report.html

Each DIR is a run's OUTPUT_DIR, or a folder of such folders (the quick start's, or ROW/seedN). The
data are looked for in `datasets` beside the runs, then below DETECTRON2_DATASETS.
"""

import argparse
from pathlib import Path

from adaanchor_d2.arguments import count_or_none, output_file
from adaanchor_d2.errors import run_command
from adaanchor_d2.report import load_runs, write_report
from adaanchor_d2.report.page import DEFAULT_GALLERY_LIMIT


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", nargs="+", type=Path, required=True, metavar="DIR")
    parser.add_argument("--titles", nargs="+", default=[], help="one a run; default: their paths")
    parser.add_argument(
        "--output", type=output_file, required=True, metavar="FILE", help="report.html"
    )
    parser.add_argument(
        "--gallery-limit",
        type=count_or_none,
        default=DEFAULT_GALLERY_LIMIT,
        metavar="N",
        help=f"the most people of a test set in the gallery (default: {DEFAULT_GALLERY_LIMIT})",
    )
    args = parser.parse_args()
    runs = load_runs(args.runs, args.titles)
    reports = write_report(runs, args.output, args.gallery_limit)
    sentences = [s for report in reports for of_part in report.notes.values() for s in of_part]
    for sentence in dict.fromkeys(sentences):
        print(f"  {sentence}")
    size = args.output.stat().st_size / 1e6
    print(f"{args.output}: {len(runs)} runs, {size:.1f} MB.")


if __name__ == "__main__":
    run_command(main)
