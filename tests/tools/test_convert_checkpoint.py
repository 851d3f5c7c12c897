"""The converter's command on checkpoints of tiny networks in SimplePose's form."""

import sys
import types
from argparse import Namespace
from pathlib import Path

import pytest
import torch
from detectron2.modeling import build_model

from adaanchor_d2.engine.checkpointer import SafeCheckpointer
from adaanchor_d2.engine.config_file import load_config

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
THEIR_NAMES = {
    "backbone.network.": "",
    "neck.layers.": "deconv_layers.",
    "head.predictor.": "final_layer.",
}


@pytest.fixture
def leaf(tmp_path):
    path = tmp_path / "leaf.yaml"
    path.write_text(f"""
_BASE_: {CONFIGS / "Base-SinglePose.yaml"}
MODEL:
  DEVICE: cpu
  TIMM: {{NAME: test_resnet, PRETRAINED: False}}
  NECK: {{CHANNELS: 16}}
  KEYPOINT_HEAD: {{NAME: HeatmapAnchor}}
INPUT: {{FORMAT: BGR}}
""")
    return path


def build(leaf, *options):
    return build_model(load_config(str(leaf), list(options)))


def original_weights(leaf, *options) -> dict:
    """Weights of the leaf's network under SimplePose's names, with random statistics."""
    renamed = {}
    for key, value in build(leaf, *options).state_dict().items():
        for ours, theirs in THEIR_NAMES.items():
            if key.startswith(ours):
                renamed[theirs + key.removeprefix(ours)] = value
    return renamed


@pytest.fixture
def convert(run_tool, leaf, tmp_path, capsys):
    """Convert what is given (a path, or content to save); returns status, output, error, file."""

    def run(content, *arguments, family="simplepose", destination="ours.pth"):
        source, destination = tmp_path / "theirs.pth", tmp_path / destination
        if isinstance(content, Path):
            source = content
        else:
            torch.save(content, source)
        command = ("--from", family, source, destination, "--config-file", leaf, *arguments)
        status = run_tool("convert_checkpoint.py", *command)
        printed = capsys.readouterr()
        return Namespace(status=status, out=printed.out, err=printed.err.strip(), file=destination)

    return run


def require_sentence(result, *parts):
    assert result.status == 2 and "\n" not in result.err, result.err
    assert result.err.startswith("error: ") and result.err.endswith(".")
    assert all(part in result.err for part in parts), result.err
    assert not result.file.exists()


@pytest.mark.parametrize("form", ["plain", "module.", "state_dict", "model", "half"])
def test_whole_network_under_the_same_rule(convert, leaf, form):
    theirs = original_weights(leaf)
    if form == "module.":
        content = {f"module.{key}": value for key, value in theirs.items()}
    elif form in ("state_dict", "model"):
        content = {form: theirs, "epoch": 140, "optimizer": {"state": {}}}
    elif form == "half":
        content = {k: v.half() if v.is_floating_point() else v for k, v in theirs.items()}
    else:
        content = theirs
    result = convert(content)
    assert result.status == 0, result.err
    assert f"{len(theirs)} of {len(theirs)} weights of the file" in result.out
    assert "renamed      deconv_layers -> neck.layers" in result.out
    assert "renamed      final_layer -> head.predictor  (2)" in result.out
    assert "0.125 of the stride" in result.out and "not filled" not in result.out
    wrapped = form in ("state_dict", "model")
    assert ("left over    optimizer (no weights)" in result.out) == wrapped

    model = build(leaf)
    SafeCheckpointer(model).load(str(result.file))
    loaded = model.state_dict()
    tolerance = {"rtol": 1e-3, "atol": 1e-4} if form == "half" else {"rtol": 0, "atol": 0}
    torch.testing.assert_close(
        loaded["head.predictor.weight"], theirs["final_layer.weight"], **tolerance
    )
    assert loaded["head.place"].item() == 0.125


def test_head_of_another_rule_stays_fresh(convert, leaf):
    result = convert(original_weights(leaf), "--opts", "MODEL.KEYPOINT_HEAD.NAME", "AdaAnchor")
    assert result.status == 0, result.err
    for line in (
        "left over    final_layer.bias",
        "left over    final_layer.weight",
        "not filled   head.predictor.weight",
        "stays fresh: SimplePose was trained for HeatmapAnchor, the config asks for AdaAnchor",
    ):
        assert line in result.out
    model = build(leaf, "MODEL.KEYPOINT_HEAD.NAME", "AdaAnchor")
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    SafeCheckpointer(model, optimizer=optimizer).load(str(result.file), [])
    assert model.head.place.item() == 0.125


def test_old_files_without_batch_norm_counters(convert, leaf):
    theirs = original_weights(leaf)
    result = convert({k: v for k, v in theirs.items() if "num_batches" not in k})
    assert result.status == 0, result.err
    SafeCheckpointer(build(leaf)).load(str(result.file))


def test_damaged_and_foreign_files(convert, leaf, tmp_path):
    whole = tmp_path / "whole.pth"
    torch.save(original_weights(leaf), whole)
    truncated = tmp_path / "truncated.pth"
    truncated.write_bytes(whole.read_bytes()[:5000])
    require_sentence(convert(truncated), "truncated.pth is damaged, truncated or no PyTorch file")
    require_sentence(convert(tmp_path / "none.pth"), "none.pth cannot be read")
    require_sentence(convert({}), "theirs.pth holds no dict of weights")
    require_sentence(convert({"a.b": 1}), "holds a int instead of a weight under 'a.b'")
    require_sentence(convert(whole, destination="ours.pkl"), "ours.pkl must end in .pth")
    require_sentence(convert(whole, destination="no/ours.pth"), "ours.pth cannot be written")


def test_other_python_objects_need_trust(convert, leaf):
    theirs = original_weights(leaf)
    content = {"state_dict": theirs, "args": Namespace(lr=1)}
    require_sentence(convert(content), "more than tensors and plain values", "--trust loads it")
    assert convert(content, "--trust").status == 0


def test_whole_modules_as_hrnet_face_saves_them(convert, leaf):
    module = torch.nn.Module()
    for key, value in original_weights(leaf).items():
        *path, name = key.split(".")
        owner = module
        for part in path:
            if part not in dict(owner.named_children()):
                owner.add_module(part, torch.nn.Module())
            owner = owner.get_submodule(part)
        owner.register_buffer(name, value)
    assert convert({"state_dict": module}, "--trust").status == 0


def test_the_order_of_colours_must_be_the_familys(convert, leaf):
    result = convert(original_weights(leaf), "--opts", "INPUT.FORMAT", "RGB")
    require_sentence(result, "SimplePose needs INPUT.FORMAT BGR, but the config says RGB")


def test_weights_must_be_finite(convert, leaf):
    theirs = original_weights(leaf)
    theirs["final_layer.bias"] = theirs["final_layer.bias"] / 0
    require_sentence(convert(theirs), "not finite: final_layer.bias")
    require_sentence(convert({0: torch.ones(2)}), "names a weight 0, which is no string")


def test_objects_of_absent_modules_get_a_sentence(convert, tmp_path, monkeypatch):
    module = types.ModuleType("absent_module")
    module.Thing = type("Thing", (), {"__module__": "absent_module"})
    monkeypatch.setitem(sys.modules, "absent_module", module)
    torch.save({"meta": module.Thing()}, tmp_path / "with_meta.pth")
    monkeypatch.delitem(sys.modules, "absent_module")
    result = convert(tmp_path / "with_meta.pth", "--trust")
    require_sentence(result, "the Python module 'absent_module', which is not installed")


@pytest.mark.parametrize(
    ("keys", "family", "sentence"),
    [
        (["layer1.0.conv1.weight", "deconv_layers.0.weight", "final_layer.weight"], "hrnet",
         "no checkpoint of the family hrnet: its keys are those of SimplePose: use --from s"),
        (["stage4.0.branches.0.0.conv1.weight", "head.3.weight"], "simplepose",
         "its keys are those of HRNet (facial landmarks): use --from hrnet-face"),
        (["backbone.layer4.0.conv1.weight", "head.deconv_layers.0.weight",
          "head.final_layer.weight"], "simplepose", "MMPose (ResNet): use --from mmpose"),
        (["encoder.weight"], "mmpose", "its 1 keys are named encoder.weight and so on"),
        (["stage4.0.branches.0.0.conv1.weight", "head.3.weight"], "hrnet-face",
         "needs MODEL.TIMM.HRNET_UPSAMPLING bilinear, but the config says nearest"),
    ],
)  # fmt: skip
def test_wrong_family(convert, keys, family, sentence):
    require_sentence(convert({key: torch.zeros(1) for key in keys}, family=family), sentence)


@pytest.mark.parametrize(
    ("theirs", "ours", "sentence"),
    [
        ("resnet18", "resnet34", "it lacks 80 weights that the network needs: backbone.network."),
        ("resnet34", "resnet18", "the network has no place for 96 of its weights: layer1.2.bn1"),
    ],
)
def test_wrong_depth(convert, leaf, theirs, ours, sentence):
    content = original_weights(leaf, "MODEL.TIMM.NAME", theirs)
    result = convert(content, "--opts", "MODEL.TIMM.NAME", ours)
    require_sentence(result, "does not fit the config's network", sentence)


def test_wrong_number_of_keypoints(convert, leaf):
    content = original_weights(leaf, "MODEL.KEYPOINT_HEAD.NUM_KEYPOINTS", "16")
    result = convert(content)
    require_sentence(result, "final_layer.weight (16, 16, 1, 1) for head.predictor.weight (17, 16")


EMBEDDING = """
_BASE_: {base}
MODEL:
  DEVICE: cpu
  META_ARCHITECTURE: BottomUpPose
  TIMM: {{NAME: hrnet_w18_small, PRETRAINED: False, OUT_FEATURES: [res2]}}
  NECK: {{NAME: SelectFeature, IN_FEATURE: res2}}
  KEYPOINT_HEAD: {{NAME: HeatmapAnchor}}
"""


@pytest.fixture(scope="module")
def embedding(tmp_path_factory):
    """A leaf with joint tags, and weights of its network under MMPose's names."""
    path = tmp_path_factory.mktemp("embedding") / "leaf.yaml"
    path.write_text(EMBEDDING.format(base=CONFIGS / "Base-SinglePose.yaml"))
    torch.manual_seed(0)
    ours = build(path).state_dict()
    theirs = {
        f"backbone.{key.removeprefix('backbone.network.')}": value
        for key, value in ours.items()
        if key.startswith("backbone.network.")
    }
    for part in ("weight", "bias"):
        heads = [ours[f"{head}.predictor.{part}"] + 1 for head in ("head", "tagger.head")]
        theirs[f"head.final_layer.{part}"] = torch.cat(heads)
    return path, theirs


def test_heatmaps_and_tags_of_one_layer_go_to_two_heads(convert, embedding):
    leaf, theirs = embedding
    result = convert(theirs, "--config-file", leaf, family="mmpose")
    assert result.status == 0, result.err
    assert f"{len(theirs)} of {len(theirs)} weights of the file" in result.out
    assert "renamed      head.final_layer -> head.predictor  (2)" in result.out
    assert "renamed      head.final_layer -> tagger.head.predictor  (2)" in result.out
    model = build(leaf)
    SafeCheckpointer(model).load(str(result.file))
    layers = model.head.predictor, model.tagger.head.predictor
    joined = torch.cat([layer.bias.detach() for layer in layers])
    torch.testing.assert_close(joined, theirs["head.final_layer.bias"])


@pytest.mark.parametrize("source", ["joint", "oracle"])
def test_tags_are_converted_where_the_model_has_a_place(convert, embedding, source):
    leaf, theirs = embedding
    options = ("MODEL.KEYPOINT_HEAD.NAME", "AdaAnchor", "MODEL.TAG.SOURCE", source)
    result = convert(theirs, "--config-file", leaf, "--opts", *options, family="mmpose")
    assert result.status == 0, result.err
    converted = torch.load(result.file, weights_only=True)["model"]
    assert ("tagger.head.predictor.weight" in converted) == (source == "joint")
    assert ("left over    head.final_layer.weight" in result.out) == (source == "oracle")
    assert "head.predictor.weight" not in converted and converted["head.place"].item() == 0.625


def test_frozen_tagger_keeps_its_own_file(convert, embedding, tmp_path):
    """The converted weights hold nothing of it: backbone and head are the locating network's."""
    leaf, theirs = embedding
    torch.save(build(leaf).state_dict(), tmp_path / "tagger.pth")
    frozen = ("MODEL.TAG.SOURCE", "frozen", "MODEL.TAG.WEIGHTS", tmp_path / "tagger.pth")
    options = (*frozen, "MODEL.TAG.TIMM_NAME", "hrnet_w18_small")
    result = convert(theirs, "--config-file", leaf, "--opts", *options, family="mmpose")
    assert result.status == 0, result.err
    converted = torch.load(result.file, weights_only=True)["model"]
    assert {key.split(".")[0] for key in converted} == {"backbone", "head"}
    assert "not filled" not in result.out


def test_layers_that_are_no_two_halves_do_not_fit(convert, embedding):
    leaf, theirs = embedding
    odd = {**theirs, "head.final_layer.bias": torch.zeros(33)}
    require_sentence(
        convert(odd, "--config-file", leaf, family="mmpose"),
        "head.final_layer.bias (33,) for head.predictor.bias (17,)",
    )


def test_single_and_bottom_up_models_of_mmpose_are_told_apart_by_the_config(convert, embedding):
    leaf, theirs = embedding
    single = ("MODEL.META_ARCHITECTURE", "SinglePose")
    require_sentence(
        convert(theirs, "--config-file", leaf, "--opts", *single, family="mmpose"),
        "(MMPose (HRNet)) does not fit",
        "head.final_layer.weight (34, 16, 1, 1) for head.predictor.weight (17, 16, 1, 1)",
    )
