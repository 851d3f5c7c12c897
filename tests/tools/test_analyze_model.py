from pathlib import Path

CONFIGS = Path(__file__).resolve().parents[2] / "configs"


def test_single_stage_pose_counts_every_part(run_tool, capsys):
    """DEKR with HRNet-W32 has 29.6 M parameters."""
    config = CONFIGS / "coco_center" / "ada_dekr_w32_512.yaml"
    arguments = ("--tasks", "parameter", "flop", "--config-file", config)
    assert run_tool("analyze_model.py", *arguments, "INPUT.CROP_SIZE", "(128, 128)") == 0
    printed = capsys.readouterr().out
    parameters, flops = printed.split("29.56 M parameters\n")
    for part in ("backbone", "trunk", "head", "keypoint_head", "pose_head"):
        assert f"| {part}" in parameters and f"| {part}" in flops, part


def test_counts_of_simplepose(run_tool, capsys):
    config = CONFIGS / "coco_single" / "heatmap_R50_256x192.yaml"
    assert (
        run_tool("analyze_model.py", "--tasks", "parameter", "flop", "--config-file", config) == 0
    )
    printed = capsys.readouterr().out
    assert "34.00 M parameters" in printed and "5.45 GMAC" in printed


def test_frozen_tagger_is_counted_without_its_weights(run_tool, capsys):
    """Two HRNet-W32 of 28.5 M parameters."""
    config = CONFIGS / "coco_bottom_up" / "ada_hrnet_w32_512.yaml"
    arguments = ("--tasks", "parameter", "flop", "--config-file", config)
    assert run_tool("analyze_model.py", *arguments, "INPUT.CROP_SIZE", "(64, 64)") == 0
    parameters, flops = capsys.readouterr().out.split("57.07 M parameters\n")
    assert "| tagger" in parameters and "| tagger" in flops
