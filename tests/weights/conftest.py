import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def parity() -> Path:
    """The folder that holds what the original networks compute."""
    folder = Path(__file__).resolve().parents[3] / "shared" / "parity"
    folder = Path(os.environ.get("ADAANCHOR_PARITY", folder))
    if not folder.is_dir():
        pytest.skip(f"outputs of the original networks are not at {folder}")
    return folder
