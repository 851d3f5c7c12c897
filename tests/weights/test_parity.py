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
BOTTOM_UP = ROOT / "configs" / "coco_bottom_up"
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
# Name -> family, leaf, places of the grids, our outputs in the order of the original's channels.
QUARTER = {"head.place": 0.625, "tagger.head.place": 0.625}
TAGGED = {
    "hrnet_ae_w32": ("hrnet-ae", "ae_hrnet_w32_512", QUARTER, (0, 1)),
    "mmpose_ae_hrnet-w32": ("mmpose", "ae_hrnet_w32_512", QUARTER, (0, 1)),
    "higherhrnet_w32": (
        "higherhrnet",
        "higherhrnet_w32_512",
        {"head.coarse.place": 0.625, "head.place": 0.75, "tagger.head.place": 0.625},
        (0, 2, 1),
    ),
}
# Name -> family, leaf, sign of the original's offsets.
POSES = {
    "dekr_w32_coco": ("dekr", "coco_center/heatmap_dekr_w32_512", -1),
    "dekr_w32_crowdpose": ("dekr", "crowdpose_center/heatmap_dekr_w32_512", -1),
    "mmpose_dekr_hrnet-w32_coco": ("mmpose", "coco_center/heatmap_dekr_w32_512", 1),
    "mmpose_dekr_hrnet-w32_crowdpose": ("mmpose", "crowdpose_center/heatmap_dekr_w32_512", 1),
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
    model = convert(name, family, leaf_of(leaf, tmp_path), parity, run_tool, tmp_path, capsys)
    assert model.head.place.item() == place
    require_equal_outputs(model, name, parity, order=(0,))


@pytest.mark.parametrize("name", TAGGED)
def test_converted_network_computes_the_original_heatmaps_and_tags(
    name, parity, run_tool, tmp_path, capsys
):
    family, leaf, places, order = TAGGED[name]
    leaf = BOTTOM_UP / f"{leaf}.yaml"
    model = convert(name, family, leaf, parity, run_tool, tmp_path, capsys)
    found = {k: v.item() for k, v in model.state_dict().items() if k.endswith(".place")}
    assert found == places
    require_equal_outputs(model, name, parity, order)


@pytest.mark.parametrize("name", POSES)
def test_converted_network_computes_the_original_centres_and_offsets(
    name, parity, run_tool, tmp_path, capsys
):
    family, leaf, sign = POSES[name]
    leaf = ROOT / "configs" / f"{leaf}.yaml"
    model = convert(name, family, leaf, parity, run_tool, tmp_path, capsys)
    found = {k: v.item() for k, v in model.state_dict().items() if k.endswith(".place")}
    assert found == {"head.place": 0.125, "keypoint_head.place": 0.125}
    # In float64: where the offsets' convolutions sample follows from features that float32 rounds
    # otherwise on every kind of processor, by up to 1.2e-4 of the largest offset.
    with torch.no_grad():
        maps = model.double().dense_maps(make_input([1, 3, 128, 128]).double())
    expected = np.load(parity / f"{name}.npz")
    heatmaps = torch.cat([maps.heatmaps, maps.centers], dim=1).numpy()
    for ours, theirs in (
        (heatmaps, expected["output_0"]),
        (sign * maps.offsets.flatten(1, 2).numpy(), expected["output_1"]),
    ):
        assert np.abs(ours - theirs).max() < 1e-5 * np.abs(theirs).max()


def convert(name, family, leaf, parity, run_tool, tmp_path, capsys):
    """The model of a leaf with the converted weights; every weight found its place."""
    weights = make_weights(json.loads((parity / f"{name}.json").read_text())["state_dict"])
    torch.save(weights, tmp_path / "original.pth")
    colours = ["INPUT.FORMAT", "BGR" if family == "simplepose" else "RGB"]
    status = run_tool(
        "convert_checkpoint.py",
        *("--from", family, tmp_path / "original.pth", tmp_path / "ours.pth"),
        *("--config-file", leaf, "--opts", *colours),
    )
    printed = capsys.readouterr()
    assert status == 0, printed.err
    assert f"{len(weights)} of {len(weights)} weights" in printed.out
    assert "left over" not in printed.out and "not filled" not in printed.out

    options = [*colours, "MODEL.DEVICE", "cpu", "MODEL.WEIGHTS", str(tmp_path / "ours.pth")]
    cfg = load_config(str(leaf), options)
    model = build_model(cfg).eval()
    SafeCheckpointer(model).load(cfg.MODEL.WEIGHTS)
    return model


def require_equal_outputs(model, name, parity, order):
    """Compare our outputs, in the order of the original's, with all of the original's."""
    original = json.loads((parity / f"{name}.json").read_text())
    with torch.no_grad():
        outputs = Network(model)(make_input(original["input"]))
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    ours = np.concatenate([outputs[index].numpy().ravel() for index in order])
    files = np.load(parity / f"{name}.npz")
    expected = np.concatenate([files[f"output_{i}"].ravel() for i in range(len(files))])
    assert np.abs(ours - expected).max() < 1e-4 * np.abs(expected).max()
