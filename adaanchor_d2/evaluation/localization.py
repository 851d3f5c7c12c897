"""How far predicted keypoints lie from the annotated ones.

Shapes: N samples (people or faces), K keypoint types, R thresholds.
"""

from collections.abc import Sequence

import numpy as np

from ..errors import InputError

# COCO's visibility flags and the prefix of their metrics.
_VISIBILITY_PREFIXES = {2: "Vis", 1: "Inv"}


def visibility_errors(
    pred: np.ndarray, gt: np.ndarray, has_confidence: bool = True
) -> dict[str, float]:
    """Localization error and mean score of visible (v = 2) and of hidden (v = 1) keypoints.

    The paper's appendix A.2 calls its error the mean squared error; here ``Error`` is the mean
    Euclidean distance and ``RMSE`` the root of the mean squared distance.

    Args:
        pred: (N, K, 3), x, y and score.
        gt: (N, K, 3), x, y and v; v = 0 is left out.
        has_confidence: False for a rule that gives no score; leaves out the two scores.

    Returns:
        VisError, VisRMSE (in the pixels given), VisScore, VisCount, and InvError, InvRMSE,
        InvScore, InvCount. All keys of a group without keypoints are absent.
    """
    pred = np.asarray(pred, dtype=np.float64)
    gt = np.asarray(gt, dtype=np.float64)
    if pred.shape != gt.shape:
        raise ValueError(f"pred {pred.shape} and gt {gt.shape} must have the same shape (N, K, 3)")
    distance = np.linalg.norm(pred[..., :2] - gt[..., :2], axis=-1)
    metrics = {}
    for flag, prefix in _VISIBILITY_PREFIXES.items():
        chosen = gt[..., 2] == flag
        if not chosen.any():
            continue
        metrics[f"{prefix}Error"] = float(distance[chosen].mean())
        metrics[f"{prefix}RMSE"] = float(np.sqrt((distance[chosen] ** 2).mean()))
        if has_confidence:
            metrics[f"{prefix}Score"] = float(pred[..., 2][chosen].mean())
        metrics[f"{prefix}Count"] = int(chosen.sum())
    return metrics


def pckh(
    pred: np.ndarray,
    gt: np.ndarray,
    labelled: np.ndarray,
    head_size: np.ndarray,
    thresholds: np.ndarray,
    exclude: Sequence[int] = (6, 7),
) -> dict[str, np.ndarray]:
    """MPII's PCKh: percentage of joints within a share of the head size.

    A joint is right when distance / head_size <= threshold.

    Args:
        pred: (N, K, 2), pixels.
        gt: (N, K, 2), pixels; ignored where not labelled.
        labelled: (N, K) bool.
        head_size: (N,), pixels, with MPII's factor 0.6 already applied.
        thresholds: (R,), for example [0.1, 0.5].
        exclude: joints left out of the mean (MPII: pelvis and thorax).

    Returns:
        ``per_joint`` (R, K) and ``mean`` (R,), percent. The mean weighs each joint by its count of
        labelled samples. NaN where no joint is labelled.

    Raises:
        InputError: a head size that is not a positive number; names the sample's index.
    """
    head_size = np.asarray(head_size, dtype=np.float64)
    _check_positive(head_size, "head size")
    labelled = np.asarray(labelled, dtype=bool)
    difference = np.asarray(pred, dtype=np.float64) - np.asarray(gt, dtype=np.float64)
    relative = np.linalg.norm(difference, axis=-1) / head_size[:, None]
    thresholds = np.asarray(thresholds, dtype=np.float64)
    num_right = ((relative <= thresholds[:, None, None]) & labelled).sum(axis=1)
    num_labelled = labelled.sum(axis=0)
    in_mean = np.ones(labelled.shape[1], dtype=bool)
    in_mean[list(exclude)] = False
    return {
        "per_joint": _percent(num_right, num_labelled),
        "mean": _percent(num_right[:, in_mean].sum(axis=1), num_labelled[in_mean].sum()),
    }


def nme(
    pred: np.ndarray, gt: np.ndarray, normalizer_pair: tuple[int, int] = (60, 72)
) -> np.ndarray:
    """Normalized mean error of each face: mean point distance over the distance of two points.

    Args:
        pred, gt: (N, 98, 2), pixels.
        normalizer_pair: the two annotated points whose distance divides (WFLW: outer eye corners).

    Returns:
        (N,), fraction (not percent).

    Raises:
        InputError: a normalizing distance that is not a positive number; names the sample's index.
    """
    gt = np.asarray(gt, dtype=np.float64)
    first, second = normalizer_pair
    normalizer = np.linalg.norm(gt[:, first] - gt[:, second], axis=-1)
    _check_positive(normalizer, f"distance of points {first} and {second}")
    distance = np.linalg.norm(np.asarray(pred, dtype=np.float64) - gt, axis=-1)
    return distance.mean(axis=1) / normalizer


def _check_positive(lengths: np.ndarray, name: str) -> None:
    bad = np.flatnonzero(~((lengths > 0) & np.isfinite(lengths)))
    if len(bad):
        raise InputError(
            f"The {name} of sample {bad[0]} is {lengths[bad[0]]}, but it must be positive."
        )


def _percent(num_right: np.ndarray, num_labelled: np.ndarray) -> np.ndarray:
    return np.where(num_labelled > 0, 100.0 * num_right / np.maximum(num_labelled, 1), np.nan)
