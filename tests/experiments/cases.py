"""Small test sets with predictions, and resamples of them written out in full."""

import numpy as np

NUM_KEYPOINTS = 17
SIGMAS = np.full(NUM_KEYPOINTS, 0.08)


def make_set(seed: int, num_images: int = 12) -> tuple[dict, list[dict]]:
    """Ground truth and results: near and far predictions, wrong ones, a crowd, an empty image,
    a person without labels, and people who are not found."""
    rng = np.random.default_rng(seed)
    images = [{"id": 100 + i, "width": 400, "height": 400} for i in range(num_images)]
    people, results = [], []
    for image in images[1:]:
        for _ in range(rng.integers(1, 4)):
            xy = rng.uniform(50, 350, 2) + rng.uniform(-40, 40, (NUM_KEYPOINTS, 2))
            v = rng.integers(0, 3, NUM_KEYPOINTS) * (rng.random() < 0.9)
            people.append(person(len(people) + 1, image["id"], xy, v, iscrowd=rng.random() < 0.1))
            if rng.random() < 0.8:
                moved = xy + rng.normal(0, rng.choice([3, 8, 20]), xy.shape)
                results.append(result(image["id"], moved, rng.random()))
        if rng.random() < 0.5:
            results.append(result(image["id"], rng.uniform(0, 400, xy.shape), rng.random()))
    categories = [{"id": 1, "name": "person"}]
    return {"images": images, "annotations": people, "categories": categories}, results


def person(number: int, image_id: int, xy: np.ndarray, v: np.ndarray, iscrowd: bool) -> dict:
    low, high = xy.min(axis=0), xy.max(axis=0)
    return {
        "id": number,
        "image_id": image_id,
        "category_id": 1,
        "iscrowd": int(iscrowd),
        "area": float(np.prod(high - low) * 0.5),
        "bbox": [*low.tolist(), *(high - low).tolist()],
        "num_keypoints": int((v > 0).sum()),
        "keypoints": np.column_stack([xy, v]).ravel().tolist(),
    }


def result(image_id: int, xy: np.ndarray, score: float) -> dict:
    return {
        "image_id": image_id,
        "category_id": 1,
        "keypoints": np.column_stack([xy, np.ones(len(xy))]).ravel().tolist(),
        "score": float(score),
        "area": float(np.ptp(xy, axis=0).prod()),
        "num_keypoints": len(xy),
    }


def repeat_images(truth: dict, results: list[dict], weights) -> tuple[dict, list[dict]]:
    """The set in which each image is there as often as its weight says, with ids of its own."""
    images, people, found = [], [], []
    for image, weight in zip(truth["images"], weights, strict=True):
        for _ in range(int(weight)):
            number = len(images) + 1
            images.append({**image, "id": number})
            people += [
                {**p, "image_id": number, "id": len(people) + 1 + i}
                for i, p in enumerate(
                    p for p in truth["annotations"] if p["image_id"] == image["id"]
                )
            ]
            found += [{**r, "image_id": number} for r in results if r["image_id"] == image["id"]]
    return {**truth, "images": images, "annotations": people}, found
