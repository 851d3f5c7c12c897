"""The figures of result files as files."""

import csv
import json
import os

from .tables import joint_rows


def write_figures(figures: dict[str, dict], output_dir: str) -> list[str]:
    """Write ``figures.json`` (all) and ``joints.csv`` (per joint); returns their paths.

    Args:
        figures: {file's short name: what ``figures.compute_figures`` returns}.
    """
    json_file, csv_file = (
        os.path.join(output_dir, name) for name in ("figures.json", "joints.csv")
    )
    with open(json_file, "w", encoding="utf-8") as file:
        json.dump(figures, file, indent=1, allow_nan=False)
    rows = joint_rows(figures)
    with open(csv_file, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return [json_file, csv_file]
