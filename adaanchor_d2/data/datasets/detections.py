"""Files of person boxes that a detector found: a list of {image_id, category_id, bbox, score}."""

import math
from collections.abc import Collection

from ...errors import InputError, name_first
from .coco_json import PERSON_CATEGORY, read_json

_KEYS = ("image_id", "category_id", "bbox", "score")


def load_person_detections(
    json_file: str, image_ids: Collection[int], min_score: float = 0.0
) -> dict[int, list[dict]]:
    """Read a detector's person boxes (category 1), by image id.

    Args:
        json_file: the file; ``bbox`` is x, y, width, height in pixels.
        image_ids: images of the data set; the file may name no other.
        min_score: boxes with a lower score are left out.

    Raises:
        InputError: naming the file, and the entry or the image ids at fault.
    """
    entries = read_json(json_file, "Detection file")
    if not isinstance(entries, list):
        raise InputError(
            f"Detection file {json_file} is not a list of {{{', '.join(_KEYS)}}} objects."
        )
    boxes = group_person_detections(entries, json_file, min_score)
    _check_image_ids(entries, json_file, image_ids)
    return boxes


def group_person_detections(
    entries: list, json_file: str, min_score: float = 0.0
) -> dict[int, list[dict]]:
    """Return the entries of people by image id; see :func:`load_person_detections`."""
    _check_keys(entries, json_file)
    boxes: dict[int, list[dict]] = {}
    for number, entry in enumerate(entries):
        if (
            entry["category_id"] == PERSON_CATEGORY
            and _score(entry, number, json_file) >= min_score
        ):
            _check_box(entry["bbox"], number, json_file)
            boxes.setdefault(entry["image_id"], []).append(entry)
    return boxes


def _check_keys(entries: list, json_file: str) -> None:
    for number, entry in enumerate(entries):
        missing = [key for key in _KEYS if not isinstance(entry, dict) or key not in entry]
        if missing:
            raise InputError(f"Detection file {json_file}: entry {number} has no '{missing[0]}'.")


def _check_image_ids(entries: list, json_file: str, image_ids: Collection[int]) -> None:
    known = set(image_ids)
    unknown = list(dict.fromkeys(e["image_id"] for e in entries if e["image_id"] not in known))
    if unknown:
        raise InputError(
            f"Detection file {json_file} names images that the data set does not have: "
            f"{name_first(unknown)}."
        )


def _score(entry: dict, number: int, json_file: str) -> float:
    score = entry["score"]
    if not isinstance(score, int | float) or not math.isfinite(score):
        raise InputError(
            f"Detection file {json_file}: entry {number} has score {score!r}, not a finite number."
        )
    return score


def _check_box(box, number: int, json_file: str) -> None:
    numbers = isinstance(box, list) and all(isinstance(value, int | float) for value in box)
    if not numbers or len(box) != 4 or not all(map(math.isfinite, box)) or min(box[2:]) <= 0:
        raise InputError(
            f"Detection file {json_file}: entry {number} has bbox {box!r}, which is not "
            "x, y, width, height with both sides above 0."
        )
