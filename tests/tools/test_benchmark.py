import json
from pathlib import Path

import pytest

CONFIG = Path(__file__).resolve().parents[2] / "configs" / "quickstart" / "ada.yaml"


def read_json(capsys) -> dict:
    printed = capsys.readouterr().out
    return json.loads(printed[printed.index("{\n") :])


@pytest.mark.parametrize(
    ("arguments", "figures"),
    [
        (["assign", "--targets", "20"], {"ada_ms", "fixed_ms"}),
        (
            ["train", "--config-file", str(CONFIG), "--batch-size", "2"],
            {"step_ms", "selection_and_losses_share", "ada_over_heatmap_inference"},
        ),
        (["eval", "--images", "20", "--detections", "60"], {"process_s", "evaluate_s"}),
    ],
    ids=["assign", "train", "eval"],
)
def test_prints_json_with_machine_and_medians(run_tool, capsys, arguments, figures):
    assert run_tool("benchmark.py", *arguments, "--repeats", "1", "--device", "cpu") == 0
    result = read_json(capsys)
    assert figures | {"machine", "cores", "torch"} <= set(result)
    assert all(result[name] > 0 for name in figures)


def test_data_rates(run_tool, capsys, shared_data, monkeypatch):
    monkeypatch.setenv("DETECTRON2_DATASETS", str(shared_data))
    arguments = ("data", "--dataset", "coco_keypoints_val", "--repeats", "1")
    assert run_tool("benchmark.py", *arguments) == 0
    result = read_json(capsys)
    assert result["people"] == 46 and result["decode_ms"] > 0
    assert result["grouped_over_alone"] > 0
