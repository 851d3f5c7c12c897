"""People whose predicted shape tells how well they were found, which their scores do not."""

import json

import numpy as np

from adaanchor_d2.data.skeletons import get_skeleton


def make_scored_people(num_images=120, skeleton="coco", seed=0):
    """Return the content of a ground-truth file, and results: 4 people an image, 2 found well.

    All have the same shape. Those found badly have up to all of their keypoints put elsewhere, and
    scores as good as those of the others.
    """
    rng = np.random.default_rng(seed)
    num_keypoints = get_skeleton(skeleton).num_keypoints
    shape = np.random.default_rng(99).uniform(0, 80, (num_keypoints, 2))
    images, annotations, results = [], [], []
    for image_id in range(1, num_images + 1):
        size = {"height": 400, "width": 400, "crowdIndex": 0.5}
        images.append({"id": image_id, "file_name": f"{image_id}.jpg", **size})
        for corner in ((20, 20), (20, 200), (200, 20), (200, 200)):
            person = np.round(shape + corner + rng.uniform(0, 40, 2))
            annotations.append(_annotation(len(annotations) + 1, image_id, person))
            wrong = rng.integers(0, num_keypoints) * (len(annotations) % 2)
            found = person + rng.normal(0, 1.5, person.shape)
            moved = rng.permutation(num_keypoints)[:wrong]
            found[moved] += rng.normal(0, 60, (wrong, 2))
            results.append(_result(image_id, found, rng.uniform(0.3, 0.7)))
    categories = [{"id": 1, "name": "person"}]
    return {"images": images, "annotations": annotations, "categories": categories}, results


def write_scored_people(folder, **options):
    """Write both; returns the two paths."""
    ground_truth, results = make_scored_people(**options)
    paths = folder / "gt.json", folder / "results.json"
    for path, content in zip(paths, (ground_truth, results), strict=True):
        path.write_text(json.dumps(content))
    return paths


def _annotation(number, image_id, xy) -> dict:
    box = [*xy.min(axis=0).tolist(), *np.ptp(xy, axis=0).tolist()]
    keypoints = np.column_stack([xy, np.full(len(xy), 2)])
    return {
        "id": number,
        "image_id": image_id,
        "category_id": 1,
        "iscrowd": 0,
        "bbox": box,
        "area": 0.5 * box[2] * box[3],
        "num_keypoints": len(xy),
        "keypoints": keypoints.ravel().tolist(),
    }


def _result(image_id, xy, score) -> dict:
    keypoints = np.column_stack([xy, np.full(len(xy), score)])
    return {
        "image_id": image_id,
        "category_id": 1,
        "keypoints": keypoints.ravel().tolist(),
        "score": score,
        "area": float(np.ptp(xy, axis=0).prod()),
        "num_keypoints": len(xy),
    }
