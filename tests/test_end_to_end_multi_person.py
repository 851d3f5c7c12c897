"""Pose of many from pictures to figures: mapper, model, decoding, evaluators, several gammas."""

import math
from pathlib import Path

import pytest

from adaanchor_d2.data.synthetic import write_synthetic_people
from adaanchor_d2.engine import Trainer
from adaanchor_d2.engine.config_file import load_config

CONFIGS = Path(__file__).resolve().parents[1] / "configs"
RECALL = {"KeypointRecall", "PersonRecall@OKS0.5"}
# Benchmark -> synthetic data set in its layout, figures that its evaluation gives.
BENCHMARKS = {
    "coco": ("synthetic_people", {"AP", "AR", *RECALL}),
    "crowdpose": ("synthetic_crowds", {"AP", "APhard", *RECALL}),
}
TAGS = "MODEL.TAG.SOURCE"
# Kind of model, leaf, options.
MODELS = [
    ("bottom_up", "ada_hrnet_w32_512", [TAGS, "joint"]),
    ("bottom_up", "fix_hrnet_w32_512", [TAGS, "oracle"]),
    ("center", "ada_dekr_w32_512", []),
    ("center", "heatmap_centernet_w32_512", []),
]
OPTIONS = [
    *("MODEL.DEVICE", "cpu", "MODEL.TIMM.PRETRAINED", "False", "DATALOADER.NUM_WORKERS", "0"),
    *("MODEL.TIMM.NAME", "hrnet_w18_small", "INPUT.CROP_SIZE", "(64, 64)", "SEED", "1"),
    *("INPUT.MIN_SIZE_TEST", "64", "SOLVER.IMS_PER_BATCH", "2", "SOLVER.MAX_ITER", "2"),
    *("SOLVER.STEPS", "()", "MODEL.KEYPOINT_HEAD.FIXED_ITERS", "1"),
    # Untrained confidences lie near the prior of 0.01.
    *("MODEL.KEYPOINT_HEAD.GAMMA", "0.001", "TEST.GAMMAS", "(0.002, 0.9)"),
]


@pytest.mark.parametrize("benchmark", BENCHMARKS)
@pytest.mark.parametrize(("kind", "leaf", "changes"), MODELS, ids=[leaf for _, leaf, _ in MODELS])
def test_training_and_evaluation(benchmark, kind, leaf, changes, monkeypatch, tmp_path):
    monkeypatch.setenv("DETECTRON2_DATASETS", str(tmp_path))
    name, figures = BENCHMARKS[benchmark]
    write_synthetic_people(tmp_path / name, num_train=4, num_val=5, layout=benchmark)
    options = [*OPTIONS, *changes, "OUTPUT_DIR", str(tmp_path / "out")]
    options += ["DATASETS.TRAIN", f"('{name}_train',)", "DATASETS.TEST", f"('{name}_val',)"]
    path = CONFIGS / f"{benchmark}_{kind}/{leaf}.yaml"
    results = Trainer(load_config(str(path), options)).train()
    tasks = ("keypoints", "keypoints_gamma0.002", "keypoints_gamma0.9")
    for task in tasks:
        assert figures <= set(results[task]), task
        assert all(math.isfinite(value) for value in results[task].values())
    recall = [results[task]["KeypointRecall"] for task in tasks]
    assert recall[0] >= recall[1] > recall[2] == 0
    assert results["keypoints_gamma0.9"]["PersonRecall@OKS0.5"] == 0
    assert ("visibility" in results) == (benchmark == "coco")
    assert list((tmp_path / "out" / "inference").iterdir())
