"""COCO keypoint files: the JSON, whose entries count, and what may be left out."""

import json
from typing import Any

from ...errors import InputError

PERSON_CATEGORY = 1
# CrowdPose evaluates with this fraction of the box as a person's area; used where 'area' is absent.
_AREA_OF_BOX = 0.53


def read_json(json_file: str, content: str) -> Any:
    """Load a JSON file; ``content`` names what it should hold (a sentence's start).

    Raises:
        InputError: missing, truncated, or not JSON.
    """
    try:
        with open(json_file, encoding="utf-8") as file:
            return json.load(file)
    except OSError as error:
        raise InputError(f"{content} {json_file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise InputError(f"{content} {json_file} is not JSON text.") from None
    except json.JSONDecodeError as error:
        raise InputError(
            f"{content} {json_file} is not whole JSON, it breaks off or goes wrong at line "
            f"{error.lineno}, column {error.colno}: {error.msg}."
        ) from None


def fill_in_defaults(person: dict) -> dict:
    """Return a person's annotation with the fields that a file may leave out.

    ``iscrowd`` is 0, ``area`` 0.53 x box, ``num_keypoints`` the number of labelled ones. The
    annotation itself is not changed; it keeps the rules of ``find_problems``.
    """
    _, _, width, height = person["bbox"]
    defaults = {
        "iscrowd": 0,
        "area": _AREA_OF_BOX * width * height,
        "num_keypoints": sum(v > 0 for v in person["keypoints"][2::3]),
    }
    return {**defaults, **person}


def is_of_other_category(annotation: Any) -> bool:
    """Whether an entry is no person's: such entries are skipped, whatever else they hold."""
    return isinstance(annotation, dict) and (
        annotation.get("category_id", PERSON_CATEGORY) != PERSON_CATEGORY
    )
