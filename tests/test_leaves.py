"""Every leaf config of the benchmarks trains a step and evaluates: real sample, synthetic data."""

from pathlib import Path

import pytest
import torch
from detectron2.engine import HookBase
from detectron2.modeling import build_model

from adaanchor_d2.data.synthetic import write_synthetic_faces, write_synthetic_people
from adaanchor_d2.engine import Trainer
from adaanchor_d2.engine.config_file import load_config

CONFIGS = Path(__file__).resolve().parents[1] / "configs"
# Folder -> the synthetic data sets in its benchmark's layout.
SYNTHETIC = {
    "quickstart": "synthetic_people",
    "quickstart_faces": "synthetic_faces",
    "coco_single": "synthetic_people",
    "mpii_single": "synthetic_people_mpii",
    "wflw_single": "synthetic_faces",
    "coco_bottom_up": "synthetic_people",
    "crowdpose_bottom_up": "synthetic_crowds",
    "coco_center": "synthetic_people",
    "crowdpose_center": "synthetic_crowds",
    "quickstart_crowds": "synthetic_crowds",
    "quickstart_centers": "synthetic_crowds",
}
PEOPLE = {"AP", "AR", "PersonRecall@OKS0.5", "KeypointRecall", "KeypointRecall@KS0.5"}
# Folder -> figures that its evaluation gives.
FIGURES = {
    "quickstart": {"AP", "AR"},
    "quickstart_faces": {"NME", "FR@0.1", "AUC@0.1"},
    "coco_single": {"AP", "AR"},
    "mpii_single": {"Head", "Ankle", "Mean@0.5", "Mean@0.1", "Mean@0.11"},
    "wflw_single": {"NME", "FR@0.1", "AUC@0.1"},
    "coco_bottom_up": PEOPLE,
    "crowdpose_bottom_up": PEOPLE,
    "coco_center": PEOPLE,
    "crowdpose_center": PEOPLE,
    "quickstart_crowds": PEOPLE,
    "quickstart_centers": PEOPLE,
}
LEAVES = [
    path
    for folder in FIGURES
    for path in sorted((CONFIGS / folder).glob("*.yaml"))
    if not path.name.startswith("Base")
]
OPTIONS = [
    *("MODEL.DEVICE", "cpu", "MODEL.TIMM.PRETRAINED", "False", "DATALOADER.NUM_WORKERS", "0"),
    *("INPUT.CROP_SIZE", "(64, 64)", "INPUT.MIN_SIZE_TEST", "64", "INPUT.MAX_SIZE_TEST", "128"),
    *("SOLVER.IMS_PER_BATCH", "2", "SEED", "1"),
    *("SOLVER.MAX_ITER", "1", "SOLVER.STEPS", "()", "MODEL.KEYPOINT_HEAD.FIXED_ITERS", "0"),
]


class UnsavedTrainer(Trainer):
    """Writes no checkpoints: a hundred megabytes each."""

    def build_hooks(self) -> list[HookBase]:
        unwanted = ("PeriodicCheckpointer", "BestCheckpoint")
        return [hook for hook in super().build_hooks() if type(hook).__name__ not in unwanted]


@pytest.fixture(scope="session")
def synthetic_data(tmp_path_factory) -> Path:
    """A data root with a few pictures of every synthetic data set."""
    root = tmp_path_factory.mktemp("datasets")
    few = {"num_train": 3, "num_val": 4}
    write_synthetic_people(root / "synthetic_people", **few)
    write_synthetic_people(root / "synthetic_people_mpii", **few, layout="mpii")
    write_synthetic_people(root / "synthetic_crowds", **few, layout="crowdpose")
    write_synthetic_faces(root / "synthetic_faces", **few)
    return root


@pytest.fixture(scope="session")
def tagger_weights(tmp_path_factory) -> dict[str, Path]:
    """Folder -> the checkpoint that its leaf for the tagger would write."""
    files = {}
    for folder in ("coco_bottom_up", "crowdpose_bottom_up"):
        leaf = CONFIGS / folder / "ae_hrnet_w32_512.yaml"
        files[folder] = tmp_path_factory.mktemp(folder) / "model_final.pth"
        model = build_model(load_config(str(leaf), OPTIONS))
        torch.save({"model": model.state_dict()}, files[folder])
    return files


def data_of(path: Path) -> tuple[str, ...]:
    """Real data for all but the quick starts; of the large networks for whole images one rule."""
    large = path.parent.name.endswith(("_bottom_up", "_center"))
    if path.parent.name.startswith("quickstart") or large and not path.name.startswith("ada"):
        return ("synthetic",)
    return ("real", "synthetic")


CASES = [
    pytest.param(path, data, id=f"{path.relative_to(CONFIGS)}-{data}")
    for path in LEAVES
    for data in data_of(path)
]


@pytest.mark.parametrize(("path", "data"), CASES)
def test_leaf_trains_a_step_and_evaluates(path, data, request, monkeypatch, tmp_path):
    folder = path.parent.name
    options = [*OPTIONS, "OUTPUT_DIR", str(tmp_path)]
    if data == "synthetic":
        for split, name in (("TRAIN", "train"), ("TEST", "val")):
            options += [f"DATASETS.{split}", f"('{SYNTHETIC[folder]}_{name}',)"]
    root = request.getfixturevalue("shared_data" if data == "real" else "synthetic_data")
    monkeypatch.setenv("DETECTRON2_DATASETS", str(root))
    if load_config(str(path)).MODEL.TAG.SOURCE == "frozen":
        files = request.getfixturevalue("tagger_weights")
        options += ["MODEL.TAG.WEIGHTS", str(files[folder])]
    cfg = load_config(str(path), options)
    trainer = UnsavedTrainer(cfg)
    model = trainer._trainer.model
    before = model.head.predictor.weight.detach().clone()
    figures = trainer.train()["keypoints"]
    assert not torch.equal(before, model.head.predictor.weight)
    # A backbone may have stages behind the last feature that is read.
    own = [(name, p) for name, p in model.named_parameters() if not name.startswith("backbone.")]
    assert not [name for name, p in own if p.requires_grad and p.grad is None]
    assert FIGURES[folder] <= set(figures)
    assert cfg.SOLVER.BEST_METRIC.removeprefix("keypoints/") in figures
    assert list((tmp_path / "inference").iterdir())
