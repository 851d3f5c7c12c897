"""Folders of finished runs, as a training leaves them."""

import json
from pathlib import Path

from adaanchor_d2.engine.config_file import load_config

CONFIG = str(Path(__file__).resolve().parents[2] / "configs" / "quickstart" / "ada.yaml")


def write_run(folder: Path, options: list[str] = (), record: dict | None = None) -> Path:
    """``record``: of the last evaluation."""
    cfg = load_config(CONFIG, ["SOLVER.MAX_ITER", "4", "OUTPUT_DIR", str(folder), *options])
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(cfg.dump())
    (folder / "model_final.pth").write_bytes(b"weights")
    last = {"iteration": cfg.SOLVER.MAX_ITER - 1, "keypoints/AP": 30.0} | (record or {})
    lines = [{"iteration": 1, "total_loss": 2.0, "keypoints/AP": 1.0}, last]
    (folder / "metrics.json").write_text("\n".join(map(json.dumps, lines)))
    return folder
