"""Made-up people, and results with errors of one kind."""

import json

import numpy as np

from adaanchor_d2.data.skeletons import get_skeleton

# A person of COCO's 17 keypoints who stands upright, pixels from the middle.
SHAPE = np.array(
    [
        *([0, -80], [8, -88], [-8, -88], [16, -84], [-16, -84], [36, -40], [-36, -40]),
        *([52, 4], [-52, 4], [58, 46], [-58, 46], [24, 52], [-24, 52]),
        *([28, 120], [-28, 120], [30, 190], [-30, 190]),
    ],
    dtype=np.float64,
)
KEYS = ("image_id", "annotation_id", "keypoints", "area")


def write_people(path, num_images=30, seed=0, visibilities=(0, 1, 2), skeleton="coco"):
    """A COCO file of 1 to 4 people an image, some keypoints unlabelled; returns ``path``."""
    rng = np.random.default_rng(seed)
    annotations = []
    for image_id in range(1, num_images + 1):
        for _ in range(1 + image_id % 4):
            annotations.append(_person(rng, len(annotations) + 1, image_id, visibilities, skeleton))
    images = [
        {"id": n, "file_name": f"{n}.jpg", "height": 640, "width": 640, "crowdIndex": 0.5}
        for n in range(1, num_images + 1)
    ]
    categories = [{"id": 1, "name": "person"}]
    content = {"images": images, "annotations": annotations, "categories": categories}
    path.write_text(json.dumps(content))
    return path


def _person(rng, number, image_id, visibilities, skeleton) -> dict:
    num_keypoints = get_skeleton(skeleton).num_keypoints
    middle, size = rng.uniform([100, 120], [540, 440]), rng.uniform(0.3, 0.8)
    places = middle + size * (SHAPE[:num_keypoints] + rng.normal(0, 5, (num_keypoints, 2)))
    visibility = rng.choice(visibilities, num_keypoints)
    visibility[:2] = visibilities[-1]
    keypoints = np.column_stack([np.round(places) * (visibility > 0)[:, None], visibility])
    low, extent = places.min(axis=0), np.ptp(places, axis=0)
    return {
        "id": number,
        "image_id": image_id,
        "category_id": 1,
        "iscrowd": 0,
        "bbox": [*low.tolist(), *extent.tolist()],
        "area": 0.5 * float(extent.prod()),
        "num_keypoints": int((visibility > 0).sum()),
        "keypoints": keypoints.ravel().tolist(),
    }


def read_people(gt_file, skeleton="coco") -> dict:
    """The people whom AP counts: ``KEYS``, keypoints (G, K, 3) as in the file."""
    people = [
        person
        for person in json.loads(gt_file.read_text())["annotations"]
        if not person.get("iscrowd") and person["num_keypoints"] > 0
    ]
    boxes = np.array([person["bbox"] for person in people], dtype=np.float64)
    area = 0.53 * boxes[:, 2] * boxes[:, 3]
    if skeleton != "crowdpose":
        area = np.array([person["area"] for person in people])
    flat = np.array([person["keypoints"] for person in people], dtype=np.float64)
    image_id = np.array([person["image_id"] for person in people])
    ids = np.array([person["id"] for person in people])
    return dict(zip(KEYS, (image_id, ids, flat.reshape(len(people), -1, 3), area), strict=True))


def write_results(path, people, xy, score=1.0, person_score=1.0, **fields):
    """Results of the people with keypoints at xy (G, K, 2), in the file's pixels."""
    scores = np.broadcast_to(score, xy.shape[:2])
    flat = np.concatenate([xy, scores[..., None]], axis=-1).reshape(len(xy), -1)
    person_scores = np.broadcast_to(person_score, len(xy))
    results = [
        {
            "image_id": int(image_id),
            "category_id": 1,
            "keypoints": keypoints.tolist(),
            "score": float(person_scores[row]),
            **{name: np.ravel(values[row]).tolist() for name, values in fields.items()},
        }
        for row, (image_id, keypoints) in enumerate(zip(people["image_id"], flat, strict=True))
    ]
    path.write_text(json.dumps(results))
    return path


def mirrored(people, skeleton):
    """xy with left and right exchanged where both are labelled, and where (G, K) that is."""
    keypoints, flip = people["keypoints"], np.array(skeleton.flip_indices)
    partner = keypoints[:, flip]
    moved = (keypoints[..., 2] > 0) & (partner[..., 2] > 0) & (flip != np.arange(len(flip)))
    return np.where(moved[..., None], partner, keypoints)[..., :2], moved


def jittered(people, skeleton, low=0.6, high=0.84, seed=0):
    """xy moved to a similarity between two limits, in any direction; all labelled ones are."""
    rng = np.random.default_rng(seed)
    keypoints = people["keypoints"]
    similarity = rng.uniform(low, high, keypoints.shape[:2])
    scale = 2 * np.array(skeleton.sigmas) * np.sqrt(people["area"])[:, None]
    distance = np.sqrt(-2 * np.log(similarity)) * scale
    angle = rng.uniform(0, 2 * np.pi, distance.shape)
    shift = distance[..., None] * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    return keypoints[..., :2] + shift, keypoints[..., 2] > 0


def swapped(people, share=0.25, seed=0):
    """xy where joints change places between people of an image, and where (G, K) they do."""
    rng = np.random.default_rng(seed)
    keypoints = people["keypoints"]
    xy, moved = keypoints[..., :2].copy(), np.zeros(keypoints.shape[:2], dtype=bool)
    for image_id in np.unique(people["image_id"]):
        rows = np.flatnonzero(people["image_id"] == image_id)
        for kind in range(keypoints.shape[1]):
            chosen = rows[(keypoints[rows, kind, 2] > 0) & (rng.uniform(size=len(rows)) < share)]
            if len(chosen) > 1:
                xy[chosen, kind] = keypoints[np.roll(chosen, 1), kind, :2]
                moved[chosen, kind] = True
    return xy, moved
