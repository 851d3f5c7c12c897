import runpy
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools"


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
