"""Every leaf of bottom-up and of single-stage pose trains a step and predicts, on noise."""

from pathlib import Path

import pytest
import torch
from detectron2.modeling import build_model
from helpers.crowds import make_crowd_sample

from adaanchor_d2.engine.config_file import load_config
from adaanchor_d2.engine.optimizer import build_optimizer

CONFIGS = Path(__file__).resolve().parents[1] / "configs"
TAGGED = ("coco_bottom_up", "crowdpose_bottom_up")
LEAVES = [
    path
    for folder in (*TAGGED, "coco_center", "crowdpose_center")
    for path in sorted((CONFIGS / folder).glob("*.yaml"))
    if not path.name.startswith("Base")
]
OPTIONS = [
    *("MODEL.DEVICE", "cpu", "MODEL.TIMM.PRETRAINED", "False", "INPUT.CROP_SIZE", "(64, 64)"),
]


@pytest.fixture(scope="session")
def tagger_weights(tmp_path_factory):
    """Folder -> the checkpoint that its leaf for the tagger would write."""
    files = {}
    for folder in TAGGED:
        leaf = CONFIGS / folder / "ae_hrnet_w32_512.yaml"
        files[folder] = tmp_path_factory.mktemp(folder) / "model_final.pth"
        model = build_model(load_config(str(leaf), OPTIONS))
        torch.save({"model": model.state_dict()}, files[folder])
    return files


@pytest.mark.parametrize("path", LEAVES, ids=[str(path.relative_to(CONFIGS)) for path in LEAVES])
def test_leaf_trains_a_step_and_predicts(path, tagger_weights):
    torch.manual_seed(0)
    options = list(OPTIONS)
    if load_config(str(path)).MODEL.TAG.SOURCE == "frozen":
        options += ["MODEL.TAG.WEIGHTS", str(tagger_weights[path.parent.name])]
    cfg = load_config(str(path), options)
    model = build_model(cfg)
    num_keypoints = cfg.MODEL.KEYPOINT_HEAD.NUM_KEYPOINTS
    samples = [make_crowd_sample(i, num_keypoints=num_keypoints) for i in range(2)]
    optimizer = build_optimizer(cfg, model)
    losses = model(samples)
    sum(losses.values()).backward()
    before = model.head.predictor.weight.detach().clone()
    optimizer.step()
    assert all(loss.isfinite() for loss in losses.values())
    assert not torch.equal(before, model.head.predictor.weight)
    trained = [name for name, p in model.named_parameters() if p.requires_grad and p.grad is None]
    assert not trained  # distributed training needs a gradient everywhere
    model.eval()
    with torch.no_grad():
        result = model([make_crowd_sample(3, size=(70, 96), num_keypoints=num_keypoints)])[0]
    assert result["instances"].pred_keypoints.shape[1:] == (num_keypoints, 3)
