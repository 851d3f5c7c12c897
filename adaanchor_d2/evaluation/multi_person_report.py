"""Figures of the keypoints of many people in an image.

Shapes: N predicted and G annotated people of all images, K keypoint types. Tables are dicts of
arrays: predictions as in ``image_predictions``, people as ``coco_ground_truth.evaluated_people``
gives them.
"""

import numpy as np

from .image_predictions import Table
from .keypoint_report import CORRECT_SIMILARITY, visibility_report
from .matching import match_in_order, pairs_within_groups
from .metrics import keypoint_recall, oks, similarity_radius
from .person_predictions import PersonPredictions, apply_affine, invert_affine

# OKS from which a predicted person is an annotated one.
MATCH_OKS = 0.5


def recall_report(located: Table, people: Table, sigmas: np.ndarray) -> dict[str, float]:
    """Recall and precision of the keypoints located before grouping, see :func:`keypoint_recall`.

    The labelled keypoints of the people whom AP counts are to be found, in all images.

    Returns:
        Percent; all absent where no keypoint is labelled. ``KeypointRecall`` is the paper's: a
        detection matches at any distance, so that it can only count how many predictions there
        are. ``KeypointRecall@KS0.5`` matches up to the distance at which the keypoint similarity
        is 0.5; ``KeypointPrecision@KS0.5`` is the share of the located keypoints that are matched
        so, absent where nothing was located (those on people without labels count as wrong).
    """
    person, keypoint_type = np.nonzero(people["keypoints"][..., 2] > 0)
    if len(person) == 0:
        return {}
    radius = similarity_radius(people["area"], sigmas, CORRECT_SIMILARITY)[person, keypoint_type]
    points = np.column_stack([people["keypoints"][person, keypoint_type, :2], keypoint_type])
    image_id = people["image_id"][person]
    images = np.union1d(image_id, located["image_id"])
    gt = _split_by_image(points, image_id, images)
    pred = _split_by_image(located["keypoints"], located["image_id"], images)
    limits = _split_by_image(radius, image_id, images)
    found, total = keypoint_recall(pred, gt)
    found_near, _ = keypoint_recall(pred, gt, limits)
    figures = {
        "KeypointRecall": 100 * found / total,
        f"KeypointRecall@KS{CORRECT_SIMILARITY:g}": 100 * found_near / total,
    }
    num_located = len(located["keypoints"])
    if num_located:
        figures[f"KeypointPrecision@KS{CORRECT_SIMILARITY:g}"] = 100 * found_near / num_located
    return figures


def person_recall(people: Table, gt: Table, sigmas: np.ndarray) -> dict[str, float]:
    """Recall of people with a labelled keypoint: how many of them :func:`match_people` finds.

    Returns:
        ``PersonRecall@OKS0.5``, percent; absent where nobody has a labelled keypoint.
    """
    labelled = (gt["keypoints"][..., 2] > 0).any(axis=1)
    if not labelled.any():
        return {}
    _, annotated = match_people(people, gt, sigmas)
    return {f"PersonRecall@OKS{MATCH_OKS:g}": 100 * len(annotated) / int(labelled.sum())}


def select_found_people(
    people: Table, gt: Table, images: Table, sigmas: np.ndarray
) -> PersonPredictions:
    """The predictions that are matched to an annotated person, each with that person.

    Returns:
        What ``person_predictions`` keeps of people in their ground-truth boxes, without the boxes:
        ``keypoints``, ``gt_keypoints`` in network-input pixels, ``crop_to_image``; and the
        annotated ``area`` (P,) in image pixels.
    """
    predicted, annotated = match_people(people, gt, sigmas)
    image = np.searchsorted(images["image_id"], gt["image_id"][annotated])
    crop_to_image = images["crop_to_image"][image]
    true = gt["keypoints"][annotated]
    in_input = apply_affine(invert_affine(crop_to_image), true[..., :2])
    return {
        "keypoints": people["keypoints"][predicted],
        "gt_keypoints": np.concatenate([in_input, true[..., 2:]], axis=-1),
        "crop_to_image": crop_to_image,
        "area": gt["area"][annotated],
    }


def found_visibility_report(
    found: PersonPredictions, gt: Table, has_confidence: bool
) -> dict[str, float]:
    """:func:`visibility_errors` of the people found, in network-input pixels, and who is not.

    Of a person found those joints count that the prediction has: a missing joint (score 0) has no
    place of its own.

    Args:
        found: what :func:`select_found_people` returns.
        gt: all annotated people.

    Returns:
        What ``visibility_errors`` returns, and ``VisUnmatched`` and ``InvUnmatched``, the labelled
        keypoints that it leaves out because the person is not found or the joint is missing, and
        ``Unmatched``, the people not found.
    """
    located = found["gt_keypoints"].copy()
    located[..., 2] *= found["keypoints"][..., 2] > 0
    report = visibility_report({**found, "gt_keypoints": located}, has_confidence)
    for prefix, flag in (("Vis", 2), ("Inv", 1)):
        labelled = int((gt["keypoints"][..., 2] == flag).sum())
        report[f"{prefix}Unmatched"] = labelled - report.get(f"{prefix}Count", 0)
    report["Unmatched"] = len(gt["image_id"]) - len(found["area"])
    return report


def match_people(people: Table, gt: Table, sigmas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Match predicted to annotated people at an OKS of at least 0.5, as COCO's evaluation does.

    From the highest score down, each prediction takes the best annotated person still free.

    Returns:
        Row numbers (P,) of the predictions and (P,) of the annotated people.
    """
    best_first = np.argsort(-people["score"], kind="stable")
    rank, annotated = pairs_within_groups(people["image_id"][best_first], gt["image_id"])
    predicted = best_first[rank]
    similarity = _pair_similarity(people, gt, predicted, annotated, sigmas)
    # NaN, for a person of whom num_keypoints counts what is not labelled, is no match either.
    near = similarity >= MATCH_OKS
    rank, predicted, annotated = rank[near], predicted[near], annotated[near]
    # Of equal ones COCO's evaluation takes the last.
    order = np.lexsort((-annotated, -similarity[near], rank))
    kept = order[match_in_order(rank[order], annotated[order])]
    return predicted[kept], annotated[kept]


def best_similarity(people: Table, gt: Table, sigmas: np.ndarray) -> np.ndarray:
    """OKS (N,) of each prediction with the annotated person of its image whom it fits best.

    Several may have the same person. NaN in an image where nobody has a labelled keypoint.
    """
    predicted, annotated = pairs_within_groups(people["image_id"], gt["image_id"])
    best = np.full(len(people["image_id"]), np.nan)
    similarity = _pair_similarity(people, gt, predicted, annotated, sigmas)
    np.fmax.at(best, predicted, similarity)
    return best


def _pair_similarity(
    people: Table, gt: Table, predicted: np.ndarray, annotated: np.ndarray, sigmas: np.ndarray
) -> np.ndarray:
    """OKS (P,) of predictions with annotated people, given by their row numbers."""
    return oks(
        people["keypoints"][predicted, :, :2],
        gt["keypoints"][annotated, :, :2],
        gt["area"][annotated],
        sigmas,
        gt["keypoints"][annotated, :, 2] > 0,
    )


def _split_by_image(rows: np.ndarray, image_id: np.ndarray, images: np.ndarray) -> list:
    """One array of rows for each of the images, ascending."""
    order = np.argsort(image_id, kind="stable")
    return np.split(rows[order], np.searchsorted(image_id[order], images[1:]))
