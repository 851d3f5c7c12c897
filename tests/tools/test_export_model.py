"""Networks are written, compared, described and run; small ones."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from detectron2.modeling import build_model
from helpers.tiny import make_sample

from adaanchor_d2 import deployment
from adaanchor_d2.engine.config_file import load_config

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
TINY = [
    *("MODEL.TIMM.NAME", "test_resnet", "MODEL.TIMM.OUT_FEATURES", "['res2']"),
    *("MODEL.TIMM.PRETRAINED", "False", "MODEL.DEVICE", "cpu", "INPUT.CROP_SIZE", "(64, 32)"),
    *("MODEL.NECK.NAME", "SelectFeature", "MODEL.NECK.IN_FEATURE", "res2"),
]


def tiny_leaf(leaf: str, weights: Path, *options: str):
    """Write random weights of a leaf's small model; return model, config file and options."""
    torch.manual_seed(0)
    config = CONFIGS / leaf
    options = [*TINY, *options]
    model = build_model(load_config(str(config), options)).eval()
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Conv2d) and name.endswith(("predictor", "affine")):
            torch.nn.init.normal_(module.weight, std=0.1)
    torch.save({"model": model.state_dict()}, weights)
    return model, config, [*options, "MODEL.WEIGHTS", str(weights)]


def export(run_tool, capsys, config, output: Path, options, *flags) -> str:
    """Run the tool; return what it prints."""
    arguments = ("--config-file", config, "--output", output, *flags, *options)
    status = run_tool("export_model.py", *arguments)
    printed = capsys.readouterr()
    assert status == 0, printed.err
    return printed.out


def run_onnx(path: Path, images: np.ndarray) -> dict[str, np.ndarray]:
    session = pytest.importorskip("onnxruntime").InferenceSession(str(path))
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {"images": images}), strict=True))


def needs_onnx() -> None:
    for name in ("onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(name)


def test_onnx_of_one_person_gives_the_models_keypoints(run_tool, capsys, tmp_path):
    needs_onnx()
    model, config, options = tiny_leaf("coco_single/ada_R50_256x192.yaml", tmp_path / "ada.pth")
    output = tmp_path / "new" / "ada.onnx"
    printed = export(run_tool, capsys, config, output, options)
    assert "confidence_logits (batch, 17, 16, 8): differs by" in printed
    description = deployment.read_description(output.with_suffix(".json"))
    assert description["keypoints"][0] == "nose" and description["stride"] == 4
    samples = [make_sample(seed, width=32) for seed in range(5)]
    images = [sample["image"].permute(1, 2, 0).numpy() for sample in samples]
    images = deployment.to_input(images, description)
    found = deployment.decode_keypoints(run_onnx(output, images), description)
    with torch.no_grad():
        people = [result["instances"] for result in model(samples)]
    for number, sample in enumerate(samples):
        xy = deployment.move_points(found.xy[number], sample["crop_to_image"])
        expected = people[number].pred_keypoints[0]
        np.testing.assert_allclose(xy, expected[:, :2], atol=1e-2)
        np.testing.assert_allclose(found.score[number], expected[:, 2], atol=1e-5)


def test_onnx_of_the_adaptive_branch_has_dynamic_sides_and_its_description(
    run_tool, capsys, tmp_path
):
    """The moved points lie between the cells; the file samples there as the model does."""
    needs_onnx()
    import onnx

    _, config, options = tiny_leaf(
        "coco_center/ada_dekr_w32_512.yaml",
        tmp_path / "weights.pth",
        *("MODEL.CENTER.TRUNK_CHANNELS", "8", "MODEL.CENTER.OFFSET_BLOCKS", "1"),
    )
    output = tmp_path / "dekr.onnx"
    printed = export(run_tool, capsys, config, output, options)
    assert "pose_offsets (batch, 17, 2, height/4, width/4): differs by" in printed
    model = onnx.load(output)
    onnx.checker.check_model(model)
    held = {entry.key: json.loads(entry.value) for entry in model.metadata_props}
    assert held == deployment.read_description(output.with_suffix(".json"))
    shapes = [
        [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]
        for value in (model.graph.input[0], *model.graph.output)
    ]
    assert shapes[0] == held["input"]["shape"] == ["batch", 3, "height", "width"]
    assert shapes[1:] == [output["shape"] for output in held["outputs"]]
    outputs = run_onnx(output, np.zeros((3, 3, 32, 96), np.float32))
    assert outputs["pose_offsets"].shape == (3, 17, 2, 8, 24)


def test_torch_export_without_tags_of_the_ground_truth(run_tool, capsys, tmp_path):
    _, config, options = tiny_leaf("quickstart_crowds/ada.yaml", tmp_path / "weights.pth")
    output = tmp_path / "oracle.pt2"
    printed = export(run_tool, capsys, config, output, options, "--format", "torch_export")
    assert "note: MODEL.TAG.SOURCE oracle takes tags from the ground truth" in printed
    extra = {"description.json": ""}
    program = torch.export.load(output, extra_files=extra)
    description = json.loads(extra["description.json"])
    assert description == deployment.read_description(output.with_suffix(".json"))
    assert "tags" not in [entry["name"] for entry in description["outputs"]]
    assert description["skeleton"] == "crowdpose"
    assert program.module()(torch.zeros(1, 3, 96, 32))[1].shape == (1, 14, 2, 24, 8)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--batch", "x"], "--batch must be dynamic or a whole number above 0, not x."),
        (["--batch", "0"], "--batch must be dynamic or a whole number above 0, not 0."),
        (["--image-size", "62", "64"], "--image-size 62 64 must divide by 4"),
        (["--output", "a.pt2"], "--output a.pt2 must end in .onnx."),
        (["MODEL.WEIGHTS", "no.pth"], "no.pth"),
    ],
)
def test_mistakes_get_a_sentence(run_tool, capsys, monkeypatch, tmp_path, arguments, sentence):
    needs_onnx()
    monkeypatch.chdir(tmp_path)
    config = CONFIGS / "coco_single" / "ada_R50_256x192.yaml"
    flags, options = arguments, TINY
    if not arguments[0].startswith("--"):
        flags, options = [], [*TINY, *arguments]
    assert run_tool("export_model.py", "--config-file", config, *flags, *options) == 2
    assert sentence in capsys.readouterr().err
    assert not list(tmp_path.rglob("*.onnx"))


def test_missing_packages_are_told_with_the_command(run_tool, capsys, monkeypatch):
    find_spec = importlib.util.find_spec
    missing = ("onnxscript", "onnxruntime")
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name in missing else find_spec(name)
    )
    config = CONFIGS / "coco_single" / "ada_R50_256x192.yaml"
    assert run_tool("export_model.py", "--config-file", config, "--format", "onnx") == 2
    assert capsys.readouterr().err == (
        "error: --format onnx needs onnxscript, onnxruntime: pip install onnxscript onnxruntime.\n"
    )


def test_a_file_that_computes_something_else_is_removed(run_tool, capsys, monkeypatch, tmp_path):
    from adaanchor_d2.export import export_network

    _, config, options = tiny_leaf("coco_single/fix_R50_256x192.yaml", tmp_path / "weights.pth")
    forward = export_network.ExportNetwork.forward
    monkeypatch.setattr(
        export_network.ExportNetwork,
        "forward",
        lambda self, images: tuple(values + 1 for values in forward(self, images)),
    )
    arguments = ("--config-file", config, "--output", tmp_path / "wrong.pt2")
    flags = ("--format", "torch_export", *options)
    assert run_tool("export_model.py", *arguments, *flags) == 2
    assert "does not compute what the model computes" in capsys.readouterr().err
    assert not list(tmp_path.glob("wrong*"))


def test_a_network_that_cannot_be_expressed_is_told_in_a_sentence(
    run_tool, capsys, monkeypatch, tmp_path
):
    def fail(*args, **kwargs):
        raise RuntimeError("no such operator\nand a long stack")

    monkeypatch.setattr(torch.export, "export", fail)
    _, config, options = tiny_leaf("coco_single/fix_R50_256x192.yaml", tmp_path / "weights.pth")
    arguments = ("--config-file", config, "--output", tmp_path / "a.pt2")
    assert run_tool("export_model.py", *arguments, "--format", "torch_export", *options) == 2
    sentence = capsys.readouterr().err
    assert "cannot be written as .pt2 (no such operator); --batch 1 and" in sentence
    assert "MODEL.CENTER.OFFSET_BRANCH plain" in sentence and "stack" not in sentence
