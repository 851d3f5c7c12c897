from pathlib import Path

CONFIGS = Path(__file__).resolve().parents[2] / "configs"


def test_counts_of_simplepose(run_tool, capsys):
    config = CONFIGS / "coco_single" / "heatmap_R50_256x192.yaml"
    assert (
        run_tool("analyze_model.py", "--tasks", "parameter", "flop", "--config-file", config) == 0
    )
    printed = capsys.readouterr().out
    assert "34.00 M parameters" in printed and "5.45 GMAC" in printed
