"""Fixtures that several test packages share."""

import os
import runpy
import sys
from pathlib import Path

import pytest
import torch

torch.set_num_threads(1)

TOOLS = Path(__file__).resolve().parents[1] / "tools"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with small real samples of the benchmarks, laid out as a data root."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("ADAANCHOR_SHARED_DATA", folder))
    if not folder.is_dir():
        pytest.skip(f"real data samples are not at {folder}")
    return folder


@pytest.fixture
def run_tool(monkeypatch):
    """Run a command of tools/ in this process; returns its exit status."""

    def run(name: str, *args) -> int:
        monkeypatch.setattr(sys, "argv", [name, *map(str, args)])
        monkeypatch.syspath_prepend(TOOLS)
        try:
            runpy.run_path(str(TOOLS / name), run_name="__main__")
        except SystemExit as exit_:
            return exit_.code
        return 0

    return run
