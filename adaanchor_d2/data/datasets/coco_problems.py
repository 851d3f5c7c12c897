"""Every rule that a good COCO keypoint file keeps.

The rules are stated once: the reader stops at the first one broken that matters to it,
``check_dataset`` reports all.
"""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from ...errors import InputError
from ..skeletons import Skeleton
from .coco_json import PERSON_CATEGORY, is_of_other_category, read_json
from .coco_rules import COCO_RULES, CocoRules
from .segmentation import segmentation_problem

_VISIBILITIES = {0, 1, 2}
# Boxes may cross the image border by this much: published ones are rounded.
_BOX_TOLERANCE_PX = 1.0
# Labelled keypoints may leave the image by this fraction of its larger side.
_KEYPOINT_TOLERANCE = 0.1


class Problem(NamedTuple):
    """One broken rule. ``fatal``: the reader refuses the file, otherwise it is suspicious only."""

    message: str
    fatal: bool


def read_keypoint_file(json_file: str, skeleton: Skeleton) -> dict:
    """Return the content of a keypoint file that keeps all rules whose breach is fatal.

    Raises:
        InputError: at the first of them that is broken, or where the file is not JSON.
    """
    document = read_json(json_file, "Annotation file")
    for problem in find_problems(document, json_file, skeleton):
        if problem.fatal:
            raise InputError(problem.message)
    return document


def find_problems(
    document: Any, json_file: str, skeleton: Skeleton, rules: CocoRules = COCO_RULES
) -> Iterator[Problem]:
    """Yield what is wrong with a keypoint file, in the order of the file.

    Args:
        document: the parsed file.
        json_file: its name, for the messages.
        skeleton: what its keypoint lists must hold.
        rules: what else the benchmark's files hold.
    """
    missing = _missing_tables(document)
    if missing:
        yield Problem(
            f"{json_file} is not a COCO keypoint file: it has no list '{missing[0]}'.", True
        )
        return
    if PERSON_CATEGORY not in _category_ids(document):
        yield Problem(f"{json_file} lists no category {PERSON_CATEGORY} (the person's).", False)
    images: dict[Any, dict] = {}
    for number, image in enumerate(document["images"]):
        for message, fatal in _image_problems(image, number, images, rules):
            yield Problem(f"{json_file}: {message}.", fatal)
    annotation_ids: set = set()
    for number, annotation in enumerate(document["annotations"]):
        for message, fatal in _annotation_problems(
            annotation, number, annotation_ids, images, skeleton, rules
        ):
            yield Problem(f"{json_file}: {message}.", fatal)


def _missing_tables(document: Any) -> list[str]:
    tables = ("images", "annotations")
    if not isinstance(document, dict):
        return list(tables)
    return [name for name in tables if not isinstance(document.get(name), list)]


def _category_ids(document: dict) -> list:
    categories = document.get("categories")
    if not isinstance(categories, list):
        return []
    return [category.get("id") for category in categories if isinstance(category, dict)]


def _entry_problem(entry: Any, kind: str, number: int, keys: tuple[str, ...]) -> str | None:
    """What keeps an entry of a table from being read at all."""
    if not isinstance(entry, dict):
        return f"entry {number} of '{kind}s' is not an object"
    missing = [key for key in keys if key not in entry]
    if missing:
        name = f"{kind} {entry['id']}" if "id" in entry else f"entry {number} of '{kind}s'"
        return f"{name} has no '{missing[0]}'"
    if not _is_whole(entry["id"]):
        return f"entry {number} of '{kind}s' has id {entry['id']!r}, which is not a whole number"
    return None


def _image_problems(
    image: Any, number: int, images: dict, rules: CocoRules
) -> Iterator[tuple[str, bool]]:
    """Yield an image entry's problems and file the entry in ``images`` under its id."""
    problem = _entry_problem(image, "image", number, ("id", "file_name", "height", "width"))
    if problem:
        yield problem, True
        return
    name = f"image {image['id']}"
    if image["id"] in images:
        yield f"{name} occurs more than once", True
    if not isinstance(image["file_name"], str):
        yield f"{name} has file_name {image['file_name']!r}, which is not a string", True
    if not _are_finite([image.get("crowdIndex", 0)]):
        yield f"{name} has crowdIndex {image['crowdIndex']!r}, which is not a finite number", True
    missing = [key for key in rules.image_keys if key not in image]
    if missing:
        yield f"{name} has no '{missing[0]}', which the evaluation needs", False
    if not all(_is_whole(image[side]) and image[side] > 0 for side in ("height", "width")):
        size = f"{image['width']!r} x {image['height']!r}"
        yield f"{name} has size {size}, not whole pixels above 0", True
        return
    images[image["id"]] = image


def _annotation_problems(
    annotation: Any,
    number: int,
    seen_ids: set,
    images: dict,
    skeleton: Skeleton,
    rules: CocoRules,
) -> Iterator[tuple[str, bool]]:
    if is_of_other_category(annotation):
        return
    problem = _entry_problem(
        annotation, "annotation", number, ("id", "image_id", "category_id", "bbox", "keypoints")
    )
    if problem:
        yield problem, True
        return
    name = f"annotation {annotation['id']}"
    if annotation["id"] in seen_ids:
        yield f"{name} occurs more than once", True
    seen_ids.add(annotation["id"])
    if annotation["id"] == 0:
        yield f"{name}: ids must start at 1, COCO's evaluation reads 0 as 'not matched'", True
    image = images.get(annotation["image_id"])
    if image is None:
        yield f"{name} belongs to image {annotation['image_id']!r}, which is not listed", True
        return
    wrong_keypoints = _keypoint_problem(annotation["keypoints"], skeleton)
    if wrong_keypoints:
        yield f"{name} {wrong_keypoints}", True
        return
    for key in ("area", "num_keypoints", "iscrowd"):
        if not _are_finite([annotation.get(key, 0)]):
            yield f"{name} has {key} {annotation[key]!r}, which is not a finite number", True
            return
    for message, fatal in _box_problems(annotation, image):
        yield f"{name} {message}", fatal
    for message in _label_problems(annotation, image, rules):
        yield f"{name} {message}", False


def _keypoint_problem(keypoints: Any, skeleton: Skeleton) -> str | None:
    """What makes a flat list x, y, v, x, y, v, ... unreadable."""
    length = 3 * skeleton.num_keypoints
    if not isinstance(keypoints, list):
        return "has 'keypoints' that are not a list"
    if len(keypoints) != length:
        return (
            f"has {len(keypoints)} numbers in 'keypoints', but skeleton '{skeleton.name}' "
            f"needs 3 x {skeleton.num_keypoints} = {length}"
        )
    if not _are_finite(keypoints):
        wrong = next(i for i, value in enumerate(keypoints) if not _are_finite([value]))
        return (
            f"has {keypoints[wrong]!r} as {'xyv'[wrong % 3]} of keypoint "
            f"'{skeleton.names[wrong // 3]}', which is not a finite number"
        )
    if not _VISIBILITIES.issuperset(keypoints[2::3]):
        wrong = next(k for k, v in enumerate(keypoints[2::3]) if v not in _VISIBILITIES)
        return (
            f"has visibility {keypoints[3 * wrong + 2]!r} for keypoint "
            f"'{skeleton.names[wrong]}'; only 0, 1 and 2 exist"
        )
    return None


def _box_problems(annotation: dict, image: dict) -> Iterator[tuple[str, bool]]:
    """Yield (message, fatal). An empty box matters only where a person is cropped by it."""
    box = annotation["bbox"]
    if not (isinstance(box, list) and len(box) == 4 and _are_finite(box)):
        yield f"has bbox {box!r}, which is not four finite numbers x, y, width, height", True
        return
    x, y, width, height = box
    if width <= 0 or height <= 0:
        used = any(annotation["keypoints"][2::3]) and not annotation.get("iscrowd", 0)
        yield f"has bbox {box!r}, whose width or height is not above 0", used
        return
    outside = max(-x, -y, x + width - image["width"], y + height - image["height"])
    if outside > _BOX_TOLERANCE_PX:
        yield (
            f"has bbox {box!r}, which leaves its image of {image['width']} x {image['height']}",
            False,
        )


def _label_problems(annotation: dict, image: dict, rules: CocoRules) -> Iterator[str]:
    keypoints = annotation["keypoints"]
    labelled = sum(v > 0 for v in keypoints[2::3][: rules.num_counted])
    if annotation.get("num_keypoints", labelled) != labelled:
        counted = f" of the first {rules.num_counted}" if rules.num_counted else ""
        given = annotation["num_keypoints"]
        yield f"has num_keypoints {given!r}, but {labelled}{counted} are labelled"
    wrong = segmentation_problem(annotation.get("segmentation"), image["height"], image["width"])
    if wrong:
        yield f"has a segmentation that {wrong}"
    width, height = image["width"], image["height"]
    margin = _KEYPOINT_TOLERANCE * max(width, height)
    far = sum(
        v > 0 and not (-margin <= x <= width + margin and -margin <= y <= height + margin)
        for x, y, v in zip(keypoints[0::3], keypoints[1::3], keypoints[2::3], strict=True)
    )
    if far:
        yield f"has {far} labelled keypoints far outside its image of {width} x {height}"


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _are_finite(values: list) -> bool:
    try:
        return all(map(math.isfinite, values))
    except (TypeError, OverflowError):
        return False
