import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / "tools"
CONFIG = ROOT / "configs" / "quickstart" / "ada.yaml"


def read_json(capsys) -> dict:
    printed = capsys.readouterr().out
    return json.loads(printed[printed.index("{\n") :])


@pytest.mark.parametrize(
    ("arguments", "figures"),
    [
        (["assign", "--targets", "20"], {"ada_ms", "fixed_ms"}),
        (["assign", "--targets", "70", "--people", "2"], {"ada_ms", "fixed_ms"}),
        (
            ["train", "--config-file", str(CONFIG), "--batch-size", "2"],
            {"step_ms", "selection_and_losses_share", "ada_over_heatmap_inference"},
        ),
        (
            ["trust", "--config-file", str(CONFIG), "--batch-size", "2", "--members", "5"],
            {"network_ms", "decoding_ms", "consensus_decoding_ms", "quality_ms"},
        ),
    ],
    ids=["assign", "assign-people", "train", "trust"],
)
def test_prints_json_with_machine_and_medians(run_tool, capsys, arguments, figures):
    assert run_tool("benchmark.py", *arguments, "--repeats", "1", "--device", "cpu") == 0
    result = read_json(capsys)
    assert figures <= set(result) and all(result[name] > 0 for name in figures)
    packages = {"torch", "torchvision", "timm", "numpy", "opencv", "detectron2", "adaanchor_d2"}
    assert {"platform", "cpu", "cores", "python"} | packages <= set(result)
    assert result["gpu"] is None and isinstance(result["detectron2_is_lite"], bool)


def test_evaluation_is_the_median_of_the_repeats(run_tool, capsys, monkeypatch):
    monkeypatch.syspath_prepend(TOOLS)
    from benchmarks import evaluation

    times = iter([1.0, 10.0, 5.0, 30.0, 3.0, 20.0])  # process, evaluate, process, ...
    monkeypatch.setattr(evaluation, "measure", lambda function: (function(), next(times))[1])
    arguments = ("--images", "20", "--detections", "60", "--repeats", "3", "--device", "cpu")
    assert run_tool("benchmark.py", "eval", *arguments) == 0
    result = read_json(capsys)
    assert result["detections"] == 60
    assert (result["process_s"], result["evaluate_s"]) == (3.0, 20.0)


def test_what_follows_the_network(run_tool, capsys):
    arguments = ("--people", "1", "4", "--map-size", "32", "40", "--repeats", "1")
    assert run_tool("benchmark.py", "group", *arguments, "--device", "cpu") == 0
    result = read_json(capsys)
    assert result["map_size"] == [32, 40] and "cpu" in result
    steps = ("decode", "decode_heatmap", "tags", "group", "postprocess", "postprocess_processor")
    for count in (1, 4):
        scene = result[f"people_{count}"]
        assert all(scene[f"{step}_ms"] > 0 for step in steps)
        assert scene["people_found"] >= count and scene["keypoints"] >= 17


def test_bottom_up_with_its_network(run_tool, capsys):
    leaf = Path(__file__).resolve().parents[2] / "configs/quickstart_crowds/ada.yaml"
    arguments = ("--people", "1", "4", "--map-size", "16", "16", "--repeats", "1")
    arguments += ("--config-file", str(leaf), "--device", "cpu")
    assert run_tool("benchmark.py", "bottom_up", *arguments) == 0
    result = read_json(capsys)
    for count in (1, 4):
        scene = result[f"people_{count}"]
        share = scene["postprocess_ms"] / result["network_ms"]
        assert scene["postprocess_over_network"] == pytest.approx(share) and share > 0


@pytest.mark.parametrize("train", [False, True])
def test_adaptive_convolutions_both_ways(run_tool, capsys, train):
    arguments = ["dekr", "--keypoints", "3", "--map-size", "20", "24", "--repeats", "1"]
    arguments += ["--train"] if train else []
    assert run_tool("benchmark.py", *arguments, "--device", "cpu") == 0
    result = read_json(capsys)
    assert result["map_size"] == [20, 24] and "cpu" in result
    assert result["largest_difference"] < 1e-5
    ratio = result["grouped_ms"] / result["one_by_one_ms"]
    assert result["ratio"] == pytest.approx(ratio, abs=1e-3)
    shares = [result[f"share_{part}"] for part in ("sampling", "matrix_product", "convolution")]
    assert all(share > 0 for share in shares)
    assert sum(shares) + result["share_rest"] == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(
    ("leaf", "options"),
    [
        ("coco_bottom_up/ada_hrnet_w32_512", ["MODEL.TAG.SOURCE", "joint"]),
        ("crowdpose_center/ada_dekr_w32_512", []),
    ],
)
def test_a_step_of_models_for_many_people(run_tool, capsys, leaf, options):
    config = str(ROOT / "configs" / f"{leaf}.yaml")
    arguments = ["train", "--config-file", config, "--batch-size", "1", "--repeats", "1"]
    small = ["INPUT.CROP_SIZE", "(64, 64)", "MODEL.TIMM.NAME", "hrnet_w18_small"]
    assert run_tool("benchmark.py", *arguments, "--device", "cpu", *small, *options) == 0
    result = read_json(capsys)
    assert result["labelled_keypoints"] > 30
    assert 0 < result["selection_and_losses_ms"] and 0 < result["ada_over_heatmap_inference"]


def test_what_follows_the_network_in_single_stage_pose(run_tool, capsys):
    arguments = ("--people", "1", "4", "--map-size", "32", "40", "--repeats", "1")
    assert run_tool("benchmark.py", "center", *arguments, "--device", "cpu") == 0
    result = read_json(capsys)
    assert result["map_size"] == [32, 40] and "cpu" in result
    steps = ("locate", "pose_nms", "decode", "decode_heatmap", "decode_processor")
    for count in (1, 4):
        scene = result[f"people_{count}"]
        assert all(scene[f"{step}_ms"] > 0 for step in steps)
        assert scene["people_found"] == count


def test_no_keypoints_get_a_sentence(run_tool, capsys):
    assert run_tool("benchmark.py", "dekr", "--keypoints", "0", "--device", "cpu") == 2
    assert capsys.readouterr().err == "error: --keypoints is 0, but must be at least 1.\n"


@pytest.mark.parametrize("task", ["group", "center"])
def test_no_people_get_a_sentence(run_tool, capsys, task):
    assert run_tool("benchmark.py", task, "--people", "3", "0", "--device", "cpu") == 2
    assert capsys.readouterr().err == "error: --people is 0, but must be at least 1.\n"


def test_bad_numbers_get_a_sentence(run_tool, capsys):
    assert run_tool("benchmark.py", "assign", "--repeats", "0", "--device", "cpu") == 2
    assert capsys.readouterr().err == "error: --repeats is 0, but must be at least 1.\n"


def test_data_rates(run_tool, capsys, shared_data, monkeypatch):
    monkeypatch.setenv("DETECTRON2_DATASETS", str(shared_data))
    arguments = ("data", "--dataset", "coco_keypoints_val", "--repeats", "1")
    assert run_tool("benchmark.py", *arguments) == 0
    result = read_json(capsys)
    assert result["people"] == 46 and result["decode_ms"] > 0
    assert result["grouped_over_alone"] > 0
