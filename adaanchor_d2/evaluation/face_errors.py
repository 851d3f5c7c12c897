"""What a set of faces' normalized mean errors (NME) amounts to.

Shapes: N faces. CED(e), the cumulative error distribution, is the share of faces with an NME of at
most e.
"""

import numpy as np


def failure_rate(errors: np.ndarray, threshold: float = 0.1) -> float:
    """Share of faces with an error above ``threshold``, 1 - CED(threshold).

    Args:
        errors: (N,), fractions.

    Returns:
        From 0 to 1; NaN when N = 0.
    """
    errors = np.asarray(errors, dtype=np.float64)
    return float((errors > threshold).mean()) if len(errors) else float("nan")


def area_under_ced(errors: np.ndarray, threshold: float = 0.1) -> float:
    """Area under the CED from 0 to ``threshold``, divided by ``threshold``.

    It is the exact integral of the step function: a face with error e adds max(0, 1 - e /
    threshold) / N. Published values come from Simpson's rule on a grid (often of step 0.0001) and
    differ from it by about step / threshold at most.

    Args:
        errors: (N,), fractions.

    Returns:
        From 0 to 1; NaN when N = 0.
    """
    errors = np.asarray(errors, dtype=np.float64)
    return float(np.maximum(1 - errors / threshold, 0).mean()) if len(errors) else float("nan")
