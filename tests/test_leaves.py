"""Every leaf config of the benchmarks trains a step on the real sample and evaluates it."""

from pathlib import Path

import pytest
import torch
from detectron2.engine import HookBase

from adaanchor_d2.engine import Trainer
from adaanchor_d2.engine.config_file import load_config

CONFIGS = Path(__file__).resolve().parents[1] / "configs"
# Folder -> figures that its evaluation gives.
FIGURES = {
    "coco_single": {"AP", "AR"},
    "mpii_single": {"Head", "Ankle", "Mean@0.5", "Mean@0.1", "Mean@0.11"},
    "wflw_single": {"NME", "FR@0.1", "AUC@0.1", "NME_Illumination"},
}
LEAVES = [
    path
    for folder in FIGURES
    for path in sorted((CONFIGS / folder).glob("*.yaml"))
    if not path.name.startswith("Base")
]
OPTIONS = [
    *("MODEL.DEVICE", "cpu", "MODEL.TIMM.PRETRAINED", "False", "DATALOADER.NUM_WORKERS", "0"),
    *("INPUT.CROP_SIZE", "(64, 64)", "SOLVER.IMS_PER_BATCH", "2", "SEED", "1"),
    *("SOLVER.MAX_ITER", "1", "SOLVER.STEPS", "()", "MODEL.KEYPOINT_HEAD.FIXED_ITERS", "0"),
]


class UnsavedTrainer(Trainer):
    """Writes no checkpoints: a hundred megabytes each."""

    def build_hooks(self) -> list[HookBase]:
        unwanted = ("PeriodicCheckpointer", "BestCheckpoint")
        return [hook for hook in super().build_hooks() if type(hook).__name__ not in unwanted]


@pytest.mark.parametrize("path", LEAVES, ids=lambda path: str(path.relative_to(CONFIGS)))
def test_leaf_trains_a_step_and_evaluates(path, shared_data, monkeypatch, tmp_path):
    monkeypatch.setenv("DETECTRON2_DATASETS", str(shared_data))
    cfg = load_config(str(path), [*OPTIONS, "OUTPUT_DIR", str(tmp_path)])
    trainer = UnsavedTrainer(cfg)
    before = trainer._trainer.model.head.predictor.weight.detach().clone()
    figures = trainer.train()["keypoints"]
    assert not torch.equal(before, trainer._trainer.model.head.predictor.weight)
    assert FIGURES[path.parent.name] <= set(figures)
    assert cfg.SOLVER.BEST_METRIC.removeprefix("keypoints/") in figures
    assert list((tmp_path / "inference").iterdir())
