"""What a confidence is worth: precision, recall, calibration error, AUROC.

Shapes: M labelled keypoints, R thresholds. ``correct`` says which predictions are right; the caller
defines that (the COCO evaluator: keypoint similarity of at least 0.5).
"""

import numpy as np


def precision_recall(
    scores: np.ndarray, correct: np.ndarray, thresholds: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Precision and recall of the predictions with a score of at least each threshold.

    Precision is the correct share of these predictions; recall is the number of correct ones among
    them over all M labelled keypoints.

    Args:
        scores: (M,).
        correct: (M,) bool.
        thresholds: (R,).

    Returns:
        Precision (R,) and recall (R,), fractions; NaN where nothing reaches the threshold
        (precision) or M = 0 (recall).
    """
    scores = np.asarray(scores, dtype=np.float64)
    correct = np.asarray(correct, dtype=bool)
    thresholds = np.asarray(thresholds, dtype=np.float64)
    accepted = scores[None] >= thresholds[:, None]
    num_accepted = accepted.sum(axis=1)
    num_correct = (accepted & correct[None]).sum(axis=1)
    precision = np.where(num_accepted > 0, num_correct / np.maximum(num_accepted, 1), np.nan)
    recall = num_correct / len(scores) if len(scores) else np.full(len(thresholds), np.nan)
    return precision, recall


def expected_calibration_error(
    scores: np.ndarray, correct: np.ndarray, num_bins: int = 15
) -> float:
    """Expected calibration error: mean of |accuracy - mean score| over bins, weighted by count.

    The bins divide [0, 1] evenly and are closed below, open above (the last is closed).

    Args:
        scores: (M,), in [0, 1].
        correct: (M,) bool.

    Returns:
        A fraction from 0 to 1; NaN when M = 0.
    """
    if len(scores) == 0:
        return float("nan")
    count, sum_scores, num_correct = _sum_bins(scores, correct, num_bins)
    return float(np.abs(num_correct - sum_scores).sum() / len(scores))


def reliability(
    scores: np.ndarray, correct: np.ndarray, num_bins: int = 15
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Count, mean score and accuracy of each bin of :func:`expected_calibration_error`.

    Args:
        scores: (M,), in [0, 1].
        correct: (M,) bool.

    Returns:
        Count (num_bins,) int, mean score and accuracy (num_bins,), fractions, NaN in empty bins.
    """
    count, sum_scores, num_correct = _sum_bins(scores, correct, num_bins)
    size = np.where(count > 0, count, np.nan)
    return count, sum_scores / size, num_correct / size


def _sum_bins(scores: np.ndarray, correct: np.ndarray, num_bins: int) -> tuple[np.ndarray, ...]:
    scores = np.asarray(scores, dtype=np.float64)
    bins = np.clip((scores * num_bins).astype(np.int64), 0, num_bins - 1)
    weights = (None, scores, np.asarray(correct, dtype=np.float64))
    return tuple(np.bincount(bins, weights=weight, minlength=num_bins) for weight in weights)


def auroc(scores: np.ndarray, correct: np.ndarray) -> float:
    """Probability that a correct prediction scores above a wrong one; ties count one half.

    Args:
        scores: (M,).
        correct: (M,) bool.

    Returns:
        From 0 to 1; NaN when all are correct or none is.
    """
    correct = np.asarray(correct, dtype=bool)
    num_correct = int(correct.sum())
    num_wrong = len(correct) - num_correct
    if num_correct == 0 or num_wrong == 0:
        return float("nan")
    _, group, size = np.unique(scores, return_inverse=True, return_counts=True)
    mean_rank = np.cumsum(size) - (size - 1) / 2  # from 1; ties share the mean of their ranks
    rank_sum = mean_rank[group][correct].sum()
    return float((rank_sum - num_correct * (num_correct + 1) / 2) / (num_correct * num_wrong))
