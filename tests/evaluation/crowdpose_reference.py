"""CrowdPose's official evaluation, restated from its definition in plain loops."""

import json
import math

import numpy as np

SIGMAS = (
    *(0.079, 0.079, 0.072, 0.072, 0.062, 0.062, 0.107, 0.107),
    *(0.087, 0.087, 0.089, 0.089, 0.079, 0.079),
)
THRESHOLDS = tuple(0.5 + 0.05 * index for index in range(10))
MAX_PEOPLE = 20


def evaluate(json_file, results) -> dict[str, float]:
    """All nine figures in percent, without the official rounding of the last three."""
    content = json.loads(json_file.read_text())
    images = sorted(content["images"], key=lambda image: image["id"])
    people = {image["id"]: [] for image in images}
    found = {image["id"]: [] for image in images}
    for person in content["annotations"]:
        people[person["image_id"]].append(person)
    for result in results:
        found[result["image_id"]].append(result)

    def figures(chosen):
        """AP and AR of the images at each threshold, None without people."""
        chosen = [image["id"] for image in images if chosen(image["crowdIndex"])]
        matched = [_match(people[image], found[image], THRESHOLDS) for image in chosen]
        num_people = sum(not _is_ignored(p) for image in chosen for p in people[image])
        if num_people == 0:
            return None
        at = [_ap_and_ar([m[t] for m in matched], num_people) for t in range(len(THRESHOLDS))]
        return [[100 * value for value in values] for values in zip(*at, strict=True)]

    every = figures(lambda crowding: True)
    named = {}
    for name, values in zip(("AP", "AR"), every, strict=True):
        named |= {name: _mean(values), f"{name}50": values[0], f"{name}75": values[5]}
    parts = {
        "APeasy": figures(lambda crowding: crowding < 0.2),
        "APmedium": figures(lambda crowding: 0.2 <= crowding < 0.8),
        "APhard": figures(lambda crowding: crowding >= 0.8),
    }
    return named | {name: _mean(values[0]) for name, values in parts.items() if values}


def _is_ignored(person) -> bool:
    return bool(person["iscrowd"]) or person["num_keypoints"] == 0


def _match(people, results, thresholds) -> list:
    """For each threshold the image's results, best first, as (score, hit, ignored)."""
    best = sorted(results, key=lambda result: -result["score"])[:MAX_PEOPLE]
    people = sorted(people, key=_is_ignored)
    similarity = [[_oks(person, result) for person in people] for result in best]
    matches = []
    for threshold in thresholds:
        taken, rows = set(), []
        for index, result in enumerate(best):
            choice, bar = None, threshold
            for number, person in enumerate(people):
                if number in taken and not person["iscrowd"]:
                    continue
                # Somebody who counts is never given up for somebody who does not.
                if choice is not None and _is_ignored(person) > _is_ignored(people[choice]):
                    break
                if similarity[index][number] >= bar:
                    choice, bar = number, similarity[index][number]
            if choice is None:
                rows.append((result["score"], False, False))
            else:
                taken.add(choice)
                rows.append((result["score"], True, _is_ignored(people[choice])))
        matches.append(rows)
    return matches


def _oks(person, result) -> float:
    x, y, width, height = person["bbox"]
    area = 0.53 * width * height
    flags = person["keypoints"][2::3]
    terms = []
    for index, sigma in enumerate(SIGMAS):
        px, py = result["keypoints"][3 * index : 3 * index + 2]
        gx, gy, flag = person["keypoints"][3 * index : 3 * index + 3]
        if any(flags):
            if flag == 0:
                continue
            dx, dy = px - gx, py - gy
        else:  # The distance from the box, made three times as wide and high.
            dx = max(0, x - width - px, px - x - 2 * width)
            dy = max(0, y - height - py, py - y - 2 * height)
        terms.append(math.exp(-(dx**2 + dy**2) / (2 * area * (2 * sigma) ** 2)))
    return sum(terms) / len(terms)


def _ap_and_ar(matches, num_people) -> tuple[float, float]:
    """Precision, interpolated, at the recalls 0, 0.01 ... 1, and the highest recall."""
    rows = [row for image in matches for row in image if not row[2]]
    rows.sort(key=lambda row: -row[0])
    precisions, recalls, hits = [], [], 0
    for number, (_, hit, _) in enumerate(rows, start=1):
        hits += hit
        precisions.append(hits / number)
        recalls.append(hits / num_people)
    total = 0.0
    for recall in np.linspace(0, 1, 101):
        reached = [p for p, r in zip(precisions, recalls, strict=True) if r >= recall]
        total += max(reached, default=0.0)
    return total / 101, recalls[-1] if recalls else 0.0


def _mean(values) -> float:
    return sum(values) / len(values)
