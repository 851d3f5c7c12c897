"""Whether a written file computes what the model computes."""

import numpy as np
import torch

from ..errors import InputError
from .export_network import ExportNetwork
from .formats import Run

# Of an output's largest value, or absolute where that is below 1.
TOLERANCE = 1e-4


def compare(
    run: Run, network: ExportNetwork, shapes: list[tuple[int, int, int]], path: str
) -> dict[str, float]:
    """Run a file and the model on random images of these (batch, height, width).

    Returns:
        The largest difference of each output, relative where its largest value is above 1.

    Raises:
        InputError: it is above :data:`TOLERANCE`, or not a number.
    """
    differences: dict[str, float] = {}
    rng = np.random.default_rng(0)
    for batch, height, width in shapes:
        images = rng.integers(0, 256, (batch, 3, height, width)).astype(np.float32)
        with torch.no_grad():
            expected = network.named_maps(torch.from_numpy(images))
        for (name, wanted), found in zip(expected.items(), run(images), strict=True):
            difference = relative_difference(found, wanted.numpy())
            if not difference <= TOLERANCE:
                raise InputError(
                    f"{path} does not compute what the model computes: output {name} differs by "
                    f"{difference:.2g} (at most {TOLERANCE:g} is allowed) for {batch} images of "
                    f"{height}x{width}."
                )
            differences[name] = max(differences.get(name, 0.0), difference)
    return differences


def relative_difference(found: np.ndarray, expected: np.ndarray) -> float:
    """Return the largest difference, over the largest expected value where that is above 1."""
    if found.shape != expected.shape:
        return float("inf")
    return float(np.abs(found - expected).max() / max(1.0, np.abs(expected).max()))
