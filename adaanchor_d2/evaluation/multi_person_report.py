"""Figures of the keypoints of many people in an image.

Shapes: N predicted and G annotated people of all images, K keypoint types. Tables are dicts of
arrays: predictions as in ``image_predictions``, people as ``coco_ground_truth.evaluated_people``
gives them.
"""

import numpy as np

from .image_predictions import Table
from .matching import match_in_order, pairs_within_groups
from .metrics import keypoint_recall, oks, similarity_radius, visibility_errors
from .person_predictions import apply_affine, invert_affine

# OKS from which a predicted person is an annotated one; similarity from which a keypoint is.
MATCH_SIMILARITY = 0.5


def recall_report(located: Table, people: Table, sigmas: np.ndarray) -> dict[str, float]:
    """Recall of the keypoints located before grouping, see :func:`keypoint_recall`.

    The labelled keypoints of the people whom AP counts are to be found, in all images.

    Returns:
        Percent; both absent where no keypoint is labelled. ``KeypointRecall`` is the paper's: a
        detection matches at any distance, so that it can only count how many predictions there
        are. ``KeypointRecall@KS0.5`` matches up to the distance at which the keypoint similarity
        is 0.5.
    """
    person, keypoint_type = np.nonzero(people["keypoints"][..., 2] > 0)
    if len(person) == 0:
        return {}
    radius = similarity_radius(people["area"], sigmas, MATCH_SIMILARITY)[person, keypoint_type]
    points = np.column_stack([people["keypoints"][person, keypoint_type, :2], keypoint_type])
    image_id = people["image_id"][person]
    images = np.union1d(image_id, located["image_id"])
    gt = _split_by_image(points, image_id, images)
    pred = _split_by_image(located["keypoints"], located["image_id"], images)
    limits = _split_by_image(radius, image_id, images)
    found, total = keypoint_recall(pred, gt)
    found_near, _ = keypoint_recall(pred, gt, limits)
    return {
        "KeypointRecall": 100 * found / total,
        f"KeypointRecall@KS{MATCH_SIMILARITY:g}": 100 * found_near / total,
    }


def matched_visibility_report(
    people: Table, gt: Table, images: Table, sigmas: np.ndarray, has_confidence: bool
) -> dict[str, float]:
    """:func:`visibility_errors` of the people found, in network-input pixels, and who is not.

    A person is found when a prediction is matched to it at an OKS of at least 0.5 (from the highest
    score down, each prediction takes the best annotated person still free, as in COCO's
    evaluation). Of its joints those count that the prediction has: a missing joint (score 0) has no
    place of its own.

    Returns:
        What ``visibility_errors`` returns, and ``VisUnmatched`` and ``InvUnmatched``, the labelled
        keypoints that it leaves out because the person is not found or the joint is missing, and
        ``Unmatched``, the people not found.
    """
    predicted, annotated = match_people(people, gt, sigmas)
    image = np.searchsorted(images["image_id"], gt["image_id"][annotated])
    image_to_input = invert_affine(images["crop_to_image"][image])
    pred = _transform(image_to_input, people["keypoints"][predicted])
    true = _transform(image_to_input, gt["keypoints"][annotated])
    true[..., 2] = np.where(pred[..., 2] > 0, true[..., 2], 0)
    report = visibility_errors(pred, true, has_confidence)
    for prefix, flag in (("Vis", 2), ("Inv", 1)):
        labelled = int((gt["keypoints"][..., 2] == flag).sum())
        report[f"{prefix}Unmatched"] = labelled - report.get(f"{prefix}Count", 0)
    report["Unmatched"] = len(gt["image_id"]) - len(annotated)
    return report


def match_people(people: Table, gt: Table, sigmas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Row numbers (P,) of predicted people and (P,) of the annotated ones matched to them."""
    best_first = np.argsort(-people["score"], kind="stable")
    rank, annotated = pairs_within_groups(people["image_id"][best_first], gt["image_id"])
    predicted = best_first[rank]
    similarity = oks(
        people["keypoints"][predicted, :, :2],
        gt["keypoints"][annotated, :, :2],
        gt["area"][annotated],
        sigmas,
        gt["keypoints"][annotated, :, 2] > 0,
    )
    # NaN, for a person of whom num_keypoints counts what is not labelled, is no match either.
    near = similarity >= MATCH_SIMILARITY
    rank, predicted, annotated = rank[near], predicted[near], annotated[near]
    # Of equal ones COCO's evaluation takes the last.
    order = np.lexsort((-annotated, -similarity[near], rank))
    kept = order[match_in_order(rank[order], annotated[order])]
    return predicted[kept], annotated[kept]


def _transform(matrix: np.ndarray, keypoints: np.ndarray) -> np.ndarray:
    """Map x and y of keypoints (N, K, 3) by affine matrices (N, 2, 3)."""
    return np.concatenate([apply_affine(matrix, keypoints[..., :2]), keypoints[..., 2:]], axis=-1)


def _split_by_image(rows: np.ndarray, image_id: np.ndarray, images: np.ndarray) -> list:
    """One array of rows for each of the images, ascending."""
    order = np.argsort(image_id, kind="stable")
    return np.split(rows[order], np.searchsorted(image_id[order], images[1:]))
