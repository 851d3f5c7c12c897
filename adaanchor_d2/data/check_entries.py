"""Everything that is wrong with a data set of one person (or face) an entry: MPII, WFLW."""

import os
from collections import Counter

from ..errors import InputError
from .check import CheckReport
from .datasets.entries import Entry, EntryFormat, Person
from .image_reader import read_image
from .skeletons import Skeleton


def check_entries(
    entry_format: EntryFormat, annotation_file: str, image_root: str, skeleton: Skeleton
) -> CheckReport:
    """Read every entry and decode every image that is named.

    Nothing is raised for bad data: what is wrong is in the report.
    """
    report = CheckReport()
    people: list[Person] = []
    first_entries: dict[str, Entry] = {}
    try:
        for entry in entry_format.entries(annotation_file):
            try:
                people.append(entry_format.read(entry, skeleton))
                first_entries.setdefault(people[-1].image_name, entry)
            except InputError as error:
                report.problems.append(str(error))
    except InputError as error:
        report.problems.append(str(error))
    if not people:
        report.problems.append(f"{annotation_file} has no people that can be read.")
    for image_name, entry in first_entries.items():
        try:
            read_image(os.path.join(image_root, image_name))
        except InputError as error:
            report.problems.append(f"{str(error).removesuffix('.')} ({entry.where}).")
    report.summary = _count(people)
    return report


def _count(people: list[Person]) -> dict[str, int]:
    annotations = [person.annotation for person in people]
    visibility = Counter(v for person in annotations for v in person.get("keypoints", [])[2::3])
    flags = Counter(
        name
        for person in annotations
        for name, flag in person.get("attributes", {}).items()
        if flag
    )
    return {
        "images": len({person.image_name for person in people}),
        "people": len(people),
        "labelled people": sum(person.get("num_keypoints", 0) > 0 for person in annotations),
        **{f"keypoints with v = {v}": visibility[float(v)] for v in (0, 1, 2)},
        **{f"with attribute {name}": count for name, count in flags.items()},
    }
