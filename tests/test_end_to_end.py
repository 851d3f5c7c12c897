"""Synthetic people -> training -> checkpoint -> evaluation, through the public names."""

import json
from pathlib import Path

import detectron2
import numpy as np
import pytest
import torch
from helpers.tiny import RULES, make_sample, tiny_config

from adaanchor_d2.data.synthetic import write_synthetic_people
from adaanchor_d2.engine import Trainer
from adaanchor_d2.engine.config_file import load_config
from adaanchor_d2.modeling.heads import KEYPOINT_HEAD_REGISTRY

OVERFIT = Path(__file__).resolve().parents[1] / "configs/coco_single/ada_overfit_128x96.yaml"
IS_LITE = "lite" in detectron2.__version__


@pytest.fixture(scope="module")
def data_root(tmp_path_factory):
    root = tmp_path_factory.mktemp("data")
    write_synthetic_people(root / "synthetic_people", num_train=8, num_val=4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DETECTRON2_DATASETS", str(root))
        yield root


def make_config(tmp_path, rule="AdaAnchor", **overrides):
    settings = {
        "DATASETS__TRAIN": ("synthetic_people_train",),
        "DATASETS__TEST": ("synthetic_people_val",),
        "SOLVER__IMS_PER_BATCH": 4,
        "SOLVER__MAX_ITER": 2,
        "SOLVER__STEPS": (1,),
        "MODEL__KEYPOINT_HEAD__FIXED_ITERS": 1,
        "OUTPUT_DIR": str(tmp_path),
        "SEED": 1,
    }
    return tiny_config(rule, **{**settings, **overrides})


def train(cfg):
    trainer = Trainer(cfg)
    trainer.resume_or_load(resume=False)
    trainer.train()
    return trainer


@pytest.mark.parametrize("rule", RULES)
def test_trains_saves_and_evaluates(rule, data_root, tmp_path):
    train(make_config(tmp_path, rule))
    assert (tmp_path / "model_final.pth").is_file() and (tmp_path / "model_best.pth").is_file()
    last = json.loads((tmp_path / "metrics.json").read_text().splitlines()[-1])
    assert 0 <= last["keypoints/AP"] <= 100
    assert last["visibility/VisError"] > 0 and last["visibility/InvCount"] > 0
    has_confidence = KEYPOINT_HEAD_REGISTRY.get(rule).has_confidence
    assert ("visibility/VisScore" in last) == has_confidence
    assert ("confidence/ECE" in last) == has_confidence
    results = json.loads((tmp_path / "inference" / "coco_instances_results.json").read_text())
    people = json.loads(
        (data_root / "synthetic_people/annotations/person_keypoints_val2017.json").read_text()
    )["annotations"]
    assert len(results) == sum(person["num_keypoints"] > 0 for person in people)


def test_anchor_diagnostics_reach_the_metrics(data_root, tmp_path):
    train(make_config(tmp_path))
    records = [json.loads(line) for line in (tmp_path / "metrics.json").read_text().splitlines()]
    assert any(record.get("anchors/displacement_px", 0) > 0 for record in records)
    assert any("anchors/shared_share" in record for record in records)


def test_detector_boxes_and_flip_test(data_root, tmp_path):
    annotations = json.loads(
        (data_root / "synthetic_people/annotations/person_keypoints_val2017.json").read_text()
    )["annotations"]
    detections = [
        {"image_id": a["image_id"], "category_id": 1, "bbox": a["bbox"], "score": 0.9}
        for a in annotations
    ]
    boxes = tmp_path / "boxes.json"
    boxes.write_text(json.dumps(detections))
    cfg = make_config(tmp_path, INPUT__PERSON_BOXES=str(boxes), TEST__FLIP=True)
    results = Trainer.test(cfg, Trainer.build_model(cfg))
    assert set(results) == {"keypoints_detector_boxes"}
    assert 0 <= results["keypoints_detector_boxes"]["AP"] <= 100


def test_flip_test_changes_what_is_predicted(data_root, tmp_path):
    cfg = make_config(tmp_path, "RegressionAnchor")
    torch.manual_seed(0)  # some random networks see nothing at all
    model = Trainer.build_model(cfg)
    torch.nn.init.normal_(model.head.predictor.weight, std=0.1)
    plain = Trainer.test(cfg, model)["visibility"]["VisError"]
    cfg.TEST.FLIP = True
    flipped = Trainer.test(cfg, model)["visibility"]["VisError"]
    assert np.isfinite(flipped) and flipped != plain


def test_ema_accumulation_and_bfloat16_together(data_root, tmp_path):
    overrides = {
        "SOLVER__EMA__ENABLED": True,
        "SOLVER__ACCUMULATE_STEPS": 2,
        "SOLVER__AMP__ENABLED": True,
        "DATALOADER__SAMPLER_TRAIN": "ImageGroupedSampler",
    }
    train(make_config(tmp_path, **overrides))
    last = json.loads((tmp_path / "metrics.json").read_text().splitlines()[-1])
    assert np.isfinite(last["total_loss"])


@pytest.mark.skipif(IS_LITE, reason="detectron2_lite has no Detectron2 backbones")
def test_genuine_fpn_backbone_trains_a_step():
    cfg = tiny_config(
        MODEL__BACKBONE__NAME="build_resnet_fpn_backbone",
        MODEL__RESNETS__DEPTH=18,
        MODEL__RESNETS__RES2_OUT_CHANNELS=64,
        MODEL__RESNETS__OUT_FEATURES=["res2", "res3", "res4", "res5"],
        MODEL__FPN__IN_FEATURES=["res2", "res3", "res4", "res5"],
        MODEL__BACKBONE__FREEZE_AT=0,
        MODEL__RESNETS__NORM="BN",
        MODEL__NECK__NAME="SelectFeature",
        MODEL__NECK__IN_FEATURE="p2",
    )
    model = Trainer.build_model(cfg)
    before = {name: value.clone() for name, value in model.named_parameters()}
    optimizer = Trainer.build_optimizer(cfg, model)
    for _ in range(2):  # the head's first weights are too small to reach the backbone
        losses = model([make_sample(seed) for seed in range(2)])
        optimizer.zero_grad()
        sum(losses.values()).backward()
        optimizer.step()
    assert model.head.stride == 4
    assert all(loss.isfinite() for loss in losses.values())
    changed = {n for n, value in model.named_parameters() if not torch.equal(before[n], value)}
    assert "head.predictor.weight" in changed
    assert any(name.startswith("backbone.bottom_up.res2") for name in changed)


def test_overfits_real_people_is_configured_for_the_sample(shared_data, monkeypatch, tmp_path):
    """One iteration of the README's command on the real COCO sample; both box sources."""
    monkeypatch.setenv("DETECTRON2_DATASETS", str(shared_data))
    options = ["OUTPUT_DIR", str(tmp_path), "SOLVER.MAX_ITER", "1", "SOLVER.STEPS", "()"]
    options += ["DATASETS.TEST", "('coco_keypoints_val',)"]
    cfg = load_config(str(OVERFIT), options).clone()
    train(cfg)
    cfg.defrost()
    last = json.loads((tmp_path / "metrics.json").read_text().splitlines()[-1])
    assert last["visibility/VisCount"] + last["visibility/InvCount"] > 0
    cfg.INPUT.PERSON_BOXES = "detector"
    assert "keypoints_detector_boxes" in Trainer.test(cfg, Trainer.build_model(cfg))
