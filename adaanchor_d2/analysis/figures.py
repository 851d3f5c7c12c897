"""All figures of one result file, ready for JSON: what is not defined is None.

Groups of keypoints: ``all``; where the data set's flags tell them apart ``visible`` and ``hidden``;
``outside`` where annotated keypoints lie outside of their image.
"""

import numpy as np

from ..evaluation.metrics import auroc, expected_calibration_error, precision_recall, reliability
from .keypoint_errors import ERROR_KINDS
from .matched_keypoints import MatchedKeypoints

GAMMAS = np.arange(101) / 100


def compute_figures(keypoints: MatchedKeypoints, names: tuple[str, ...]) -> dict:
    """Compute everything that ``tools/analyze_results.py`` reports of a file.

    Returns:
        ``people``: see ``MatchedKeypoints``; ``groups``: {group: :func:`group_figures`};
        ``per_joint``: {keypoint name: {group: the figures of these}};
        ``precision_recall``: {group: ``precision``, of the located keypoints, and ``recall``, of
        the annotated ones, fractions, at each of ``gammas``};
        ``reliability``: {group: ``count, score, accuracy`` of 15 bins of the score};
        ``errors`` and ``errors_per_joint``: {group or keypoint name: {kind: count}};
        ``anchors`` and ``spread``: see :func:`anchor_figures` and :func:`spread_figures`;
        ``notes``: sentences on figures that do not exist or say nothing.
    """
    groups = group_masks(keypoints)
    parts = {group: keypoints.where(mask) for group, mask in groups.items()}
    joints = {name: keypoints.kind == kind for kind, name in enumerate(names)}
    figures = {
        "people": keypoints.people,
        "groups": {group: group_figures(part) for group, part in parts.items()},
        "per_joint": {
            name: {
                group: group_figures(keypoints.where(mask & joint))
                for group, mask in groups.items()
            }
            for name, joint in joints.items()
        },
        "gammas": GAMMAS.tolist(),
        "precision_recall": {group: _precision_recall(part) for group, part in parts.items()},
        "reliability": {group: _reliability(part) for group, part in parts.items()},
        "errors": {group: count_errors(part) for group, part in parts.items()},
        "errors_per_joint": {
            name: count_errors(keypoints.where(joint)) for name, joint in joints.items()
        },
    }
    figures["notes"] = _describe_limits(keypoints)
    if keypoints.anchor_xy is not None:
        figures["anchors"] = anchor_figures(keypoints, parts)
    if keypoints.spread is not None:
        figures["spread"] = {group: spread_figures(part) for group, part in parts.items()}
    return figures


def group_masks(keypoints: MatchedKeypoints) -> dict[str, np.ndarray]:
    """Group -> (M,) bool."""
    masks = {"all": np.ones(len(keypoints), dtype=bool)}
    if keypoints.tells_visibility:
        masks |= {"visible": keypoints.v == 2, "hidden": keypoints.v == 1}
    if keypoints.outside.any():
        masks["outside"] = keypoints.outside
    return masks


def group_figures(keypoints: MatchedKeypoints) -> dict[str, float | None]:
    """``count`` annotated and ``located`` keypoints, ``right`` percent of the annotated ones; and
    of the located ones the mean ``error`` in pixels and ``relative_error`` in percent of the
    square root of the person's area, the mean ``score``, its ``ECE`` and ``AUROC`` for being right.
    """
    found = keypoints.where(keypoints.located)
    return {
        "count": len(keypoints),
        "located": len(found),
        "right": _mean(100 * keypoints.correct),
        "error": _mean(found.distance),
        "relative_error": _mean(100 * found.distance / found.size),
        "score": _mean(found.score),
        "ECE": _defined(expected_calibration_error(found.score, found.correct)),
        "AUROC": _defined(auroc(found.score, found.correct)),
    }


def count_errors(keypoints: MatchedKeypoints) -> dict[str, int]:
    """``keypoint_errors.ERROR_KINDS`` -> number of keypoints."""
    counts = np.bincount(keypoints.error, minlength=len(ERROR_KINDS)).tolist()
    return dict(zip(ERROR_KINDS, counts, strict=True))


def anchor_figures(keypoints: MatchedKeypoints, parts: dict[str, MatchedKeypoints]) -> dict:
    """What the distance from the anchor to the keypoint found from it tells.

    Returns:
        ``displacement`` and ``relative_displacement``: {group: mean, pixels and percent of the
        square root of the person's area}; and where visible and hidden keypoints are told apart,
        how well these say that a keypoint is hidden: ``hidden_AUROC``: {what tells it: AUROC}, with
        the low score beside them.
    """
    figures = {
        "displacement": {group: _mean(part.displacement) for group, part in parts.items()},
        "relative_displacement": {
            group: _mean(100 * part.displacement / part.size) for group, part in parts.items()
        },
    }
    if keypoints.tells_visibility:
        found = keypoints.where(keypoints.located)
        cues = {
            "displacement": found.displacement,
            "relative displacement": found.displacement / found.size,
            "low score": -found.score,
        }
        figures["hidden_AUROC"] = {
            cue: _defined(auroc(values, found.v == 1)) for cue, values in cues.items()
        }
    return figures


def spread_figures(keypoints: MatchedKeypoints) -> dict[str, float | None]:
    """Mean ``spread`` in pixels, and the ``AUROC`` for being right of a low spread (``spread``) and
    of a low spread for the person's size (``relative_spread``).
    """
    found = keypoints.where(keypoints.located)
    return {
        "mean": _mean(found.spread),
        "AUROC": _defined(auroc(-found.spread, found.correct)),
        "relative_AUROC": _defined(auroc(-found.spread / found.size, found.correct)),
    }


def describe_unmatched(people: dict[str, int]) -> str:
    """The sentence on predicted people whom no figure of keypoints counts."""
    return (
        f"predicted people matched to nobody: {people['unmatched']:,} of {people['predicted']:,}. "
        "Their keypoints count nowhere, not in precision, ECE or AUROC either."
    )


def _describe_limits(keypoints: MatchedKeypoints) -> list[str]:
    found = keypoints.where(keypoints.located)
    notes = [describe_unmatched(keypoints.people)] if keypoints.people["unmatched"] else []
    if not keypoints.tells_visibility:
        flags = " and ".join(f"v = {flag}" for flag in np.unique(keypoints.v))
        notes.append(
            "The flags of the annotations do not tell visible from hidden keypoints (labelled ones "
            f"have {flags}), so nothing is split by visibility."
        )
    if len(found) and (found.correct.all() or not found.correct.any()):
        which = "right" if found.correct.all() else "wrong"
        notes.append(f"All located keypoints are {which}, so there is no AUROC.")
    elif len(np.unique(found.score)) == 1:
        notes.append(
            f"All located keypoints have the score {found.score[0]:g}, which tells nothing: "
            "the AUROC is 0.5, and the ECE is how far that is from the share of right ones."
        )
    return notes


def _precision_recall(keypoints: MatchedKeypoints) -> dict[str, list]:
    # A keypoint that is not located has no score, so that no threshold accepts it.
    precision, recall = precision_recall(keypoints.score, keypoints.correct, GAMMAS)
    return {"precision": _listed(precision), "recall": _listed(recall)}


def _reliability(keypoints: MatchedKeypoints) -> dict[str, list]:
    found = keypoints.where(keypoints.located)
    count, score, accuracy = reliability(found.score, found.correct)
    return {"count": count.tolist(), "score": _listed(score), "accuracy": _listed(accuracy)}


def _mean(values: np.ndarray) -> float | None:
    """Mean of the values that are not NaN."""
    values = values[~np.isnan(values)]
    return float(values.mean()) if len(values) else None


def _defined(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _listed(values: np.ndarray) -> list[float | None]:
    return [_defined(value) for value in values]
