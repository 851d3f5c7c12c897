"""Everything that is wrong with a keypoint data set in COCO's format: its file and its images."""

import os
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from ..errors import InputError
from .datasets.coco_json import is_of_other_category, read_json
from .datasets.coco_problems import find_problems
from .datasets.coco_rules import COCO_RULES, CocoRules
from .datasets.detections import load_person_detections
from .image_reader import check_image_size, read_image
from .skeletons import Skeleton


@dataclass
class CheckReport:
    """``problems``: one sentence each, in the order of the files. ``summary``: counts by name."""

    problems: list[str] = field(default_factory=list)
    summary: dict[str, int] = field(default_factory=dict)

    def joined(self, other: "CheckReport") -> "CheckReport":
        """Return the report of two parts of one data set."""
        summary = dict(self.summary)
        for name, count in other.summary.items():
            summary[name] = summary.get(name, 0) + count
        return CheckReport(self.problems + other.problems, summary)


def check_keypoint_dataset(
    json_file: str,
    image_root: str,
    skeleton: Skeleton,
    person_detections_file: str = "",
    rules: CocoRules = COCO_RULES,
) -> CheckReport:
    """Check an annotation file, decode every image it lists, and read a detector's boxes, if any.

    Nothing is raised for bad data: what is wrong is in the report. ``rules`` say what else the
    files of a benchmark hold.
    """
    report = CheckReport()
    try:
        document = read_json(json_file, "Annotation file")
    except InputError as error:
        report.problems.append(str(error))
        return report
    problems = list(find_problems(document, json_file, skeleton, rules))
    report.problems += [problem.message for problem in problems]
    if not isinstance(document, dict):
        return report
    images, people = _readable_entries(document, skeleton)
    report.summary = _count(images, people)
    others = filter(is_of_other_category, _dicts(document, "annotations"))
    report.summary["annotations of other categories, not used"] = sum(1 for _ in others)
    if not report.summary["labelled people"]:
        report.problems.append(f"{json_file} has no people with a labelled keypoint.")
    report.problems += filter(None, (_image_problem(image, image_root) for image in images))
    if person_detections_file:
        check_detections(report, person_detections_file, [image["id"] for image in images])
    return report


def _readable_entries(document: dict, skeleton: Skeleton) -> tuple[list[dict], list[dict]]:
    """The images and the people that are whole enough to be looked at further."""
    images = [
        image
        for image in _dicts(document, "images")
        if isinstance(image.get("file_name"), str) and {"id", "width", "height"} <= image.keys()
    ]
    people = [
        annotation
        for annotation in _dicts(document, "annotations")
        if not is_of_other_category(annotation)
        and isinstance(annotation.get("keypoints"), list)
        and len(annotation["keypoints"]) == 3 * skeleton.num_keypoints
    ]
    return images, people


def _dicts(document: dict, table: str) -> list[dict]:
    entries: Any = document.get(table)
    return (
        [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    )


def _count(images: list[dict], people: list[dict]) -> dict[str, int]:
    labelled = [person for person in people if any(v in (1, 2) for v in person["keypoints"][2::3])]
    usable = [person for person in labelled if not person.get("iscrowd")]
    visibility = Counter(v for person in people for v in map(str, person["keypoints"][2::3]))
    return {
        "images": len(images),
        "images with labelled people": len({str(person.get("image_id")) for person in usable}),
        "people": len(people),
        "crowds": sum(bool(person.get("iscrowd")) for person in people),
        "labelled people": len(usable),
        **{f"keypoints with v = {v}": visibility[str(v)] for v in (0, 1, 2)},
    }


def _image_problem(image: dict, image_root: str) -> str | None:
    file_name = os.path.join(image_root, image["file_name"])
    try:
        content = read_image(file_name)
        check_image_size(content, file_name, image["width"], image["height"])
    except InputError as error:
        return f"{str(error).removesuffix('.')} (image {image['id']})."
    return None


def check_detections(report: CheckReport, json_file: str, image_ids: list) -> None:
    """Add to a report what a detector's file for these images holds, or what is wrong with it."""
    try:
        boxes = load_person_detections(json_file, image_ids)
    except InputError as error:
        report.problems.append(str(error))
    else:
        report.summary["detector boxes"] = sum(map(len, boxes.values()))
