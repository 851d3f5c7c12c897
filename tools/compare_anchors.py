#!/usr/bin/env python
"""Train rows of a table with several seeds and say what their difference is worth.

    python tools/compare_anchors.py --output-dir output/table1 --data-seed 1 \
        [--config-file configs/quickstart/ada.yaml] [--rows ada fix ...] [--seeds 0 1 2] [--jobs 2]

Rows are names of table 1's, or ``NAME=KEY,VALUE,...`` or ``NAME=FILE.yaml[,KEY,VALUE,...]`` of your
own. FixAnchor and the sub-pixel heatmap are always among them: whatever is claimed, of the first
other row, is claimed against the better of the two. The runs go to ``OUTPUT_DIR/ROW/seed<k>``;
those that are finished there are used as they are. Config options of all rows come last, after "--"
where a flag of several values is before them: ``--seeds 0 1 -- SOLVER.MAX_ITER 300``. Writes
``tables.md`` and ``comparison.json``.
"""

import argparse
import json

from grid_options import add_grid_options, train_grid

from adaanchor_d2.errors import InputError, run_command
from adaanchor_d2.experiments.comparison import compare_runs
from adaanchor_d2.experiments.report import to_data, write_markdown
from adaanchor_d2.experiments.rows import BASELINES, KNOWN_ROWS, Row, missing_baselines, parse_rows


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--rows",
        nargs="+",
        default=list(KNOWN_ROWS),
        metavar="ROW",
        help=f"default: {' '.join(KNOWN_ROWS)}",
    )
    parser.add_argument("--resamples", type=int, default=1000, help="of the bootstrap")
    add_grid_options(parser, seeds=[0, 1, 2])
    args = parser.parse_args()
    if args.resamples < 100:
        raise InputError(f"--resamples is {args.resamples}, but must be at least 100.")
    rows = with_baselines(parse_rows(args.rows, args.config_file), args.config_file)
    claimant = next((row.name for row in rows if row.name not in BASELINES), None)
    if claimant is None:
        raise InputError(f"--rows names baselines only ({', '.join(BASELINES)}): add a row.")
    train_grid(args, rows)
    print("Resampling the test images ...")
    comparison = compare_runs(rows, args.seeds, args.output_dir, args.resamples)
    text = write_markdown(comparison, claimant)
    (args.output_dir / "tables.md").write_text(text)
    data = json.dumps(to_data(comparison), indent=1)
    (args.output_dir / "comparison.json").write_text(data + "\n")
    print(f"\n{text}\nWritten to {args.output_dir / 'tables.md'} and comparison.json.")


def with_baselines(rows: list[Row], config_file: str) -> list[Row]:
    """Add the baselines that were left out, and say so."""
    missing = missing_baselines(rows)
    if missing:
        print(f"Added {' and '.join(missing)}: every comparison holds both baselines.")
    return [*rows, *parse_rows(missing, config_file)]


if __name__ == "__main__":
    run_command(main)
