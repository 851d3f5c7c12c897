"""Fixtures that several test packages share."""

import os
from pathlib import Path

import pytest
import torch

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with small real samples of the benchmarks, laid out as a data root."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("ADAANCHOR_SHARED_DATA", folder))
    if not folder.is_dir():
        pytest.skip(f"real data samples are not at {folder}")
    return folder
