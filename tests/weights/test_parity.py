"""Converted checkpoints compute what the original networks compute."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from detectron2.modeling import build_model
from helpers.original_weights import make_input, make_weights

from adaanchor_d2.engine.checkpointer import SafeCheckpointer
from adaanchor_d2.engine.config_file import load_config
from adaanchor_d2.modeling.network import Network

ROOT = Path(__file__).resolve().parents[2]
COCO = ROOT / "configs" / "coco_single"
FACES = """
_BASE_: {base}
MODEL:
  TIMM: {{NAME: hrnet_w18, OUT_FEATURES: [res2, res3, res4, res5], HRNET_UPSAMPLING: bilinear}}
  NECK: {{NAME: MixFeatures}}
  KEYPOINT_HEAD: {{NAME: HeatmapAnchor, NUM_KEYPOINTS: 98}}
"""
NETWORKS = {
    "simplepose_resnet50": ("simplepose", "heatmap_R50_256x192", 0.125),
    "simplepose_resnet101": ("simplepose", "heatmap_R101_256x192", 0.125),
    "simplepose_resnet152": ("simplepose", "heatmap_R152_256x192", 0.125),
    "hrnet_pose_w32": ("hrnet", "heatmap_hrnet_w32_256x192", 0.125),
    "hrnet_pose_w48": ("hrnet", "heatmap_hrnet_w48_256x192", 0.125),
    "hrnet_face_w18": ("hrnet-face", "faces", 0.75),
    "mmpose_td-hm_res50": ("mmpose", "heatmap_R50_256x192", 0.125),
    "mmpose_td-hm_hrnet-w32": ("mmpose", "heatmap_hrnet_w32_256x192", 0.125),
    "mmpose_td-hm_hrnetv2-w18_wflw": ("mmpose", "faces", 0.125),
}


def leaf_of(name: str, tmp_path: Path) -> Path:
    if name != "faces":
        return COCO / f"{name}.yaml"
    leaf = tmp_path / "faces.yaml"
    leaf.write_text(FACES.format(base=ROOT / "configs" / "Base-SinglePose.yaml"))
    return leaf


@pytest.mark.parametrize("name", NETWORKS)
def test_converted_network_computes_the_original_heatmaps(name, parity, run_tool, tmp_path, capsys):
    family, leaf, place = NETWORKS[name]
    leaf = leaf_of(leaf, tmp_path)
    original = json.loads((parity / f"{name}.json").read_text())
    weights = make_weights(original["state_dict"])
    torch.save(weights, tmp_path / "original.pth")
    status = run_tool(
        "convert_checkpoint.py",
        *("--from", family, tmp_path / "original.pth", tmp_path / "ours.pth"),
        *("--config-file", leaf),
    )
    printed = capsys.readouterr()
    assert status == 0, printed.err
    assert f"{len(weights)} of {len(weights)} weights" in printed.out
    assert "left over" not in printed.out and "not filled" not in printed.out

    options = ["MODEL.DEVICE", "cpu", "MODEL.WEIGHTS", str(tmp_path / "ours.pth")]
    cfg = load_config(str(leaf), options)
    model = build_model(cfg).eval()
    SafeCheckpointer(model).load(cfg.MODEL.WEIGHTS)
    assert model.head.place.item() == place
    with torch.no_grad():
        heatmaps = Network(model)(make_input(original["input"])).numpy()
    expected = np.load(parity / f"{name}.npz")["output_0"]
    assert np.abs(heatmaps - expected).max() < 1e-4 * np.abs(expected).max()
