"""People with COCO's 17 keypoints in COCO's layout."""

import json
from dataclasses import asdict
from pathlib import Path

from ..skeletons import get_skeleton
from ..synthetic_people.image import SyntheticPeopleOptions, render_image
from .layout import DataSetInfo, Layout, image_id


def _image_path(split: str, index: int) -> str:
    return f"{split}2017/{_file_name(split, index)}"


def _file_name(split: str, index: int) -> str:
    return f"{image_id(split, index):012d}.jpg"


def _write_annotations(
    output: Path, split: str, people_of_images: list[list[dict]], info: DataSetInfo
) -> None:
    description = {"description": "Synthetic people", "seed": info.seed}
    content = {
        "info": {**description, "options": asdict(info.options)},
        **_annotation_lists(split, people_of_images, info),
    }
    folder = output / "annotations"
    folder.mkdir(exist_ok=True)
    (output / f"{split}2017").mkdir(exist_ok=True)
    (folder / f"person_keypoints_{split}2017.json").write_text(json.dumps(content))


def _annotation_lists(
    split: str, people_of_images: list[list[dict]], info: DataSetInfo
) -> dict[str, list[dict]]:
    """Return the lists of COCO's annotation file."""
    images, annotations = [], []
    size = {"width": info.width, "height": info.height}
    for index, people in enumerate(people_of_images):
        name, number = _file_name(split, index), image_id(split, index)
        images.append({"id": number, "file_name": name, **size, "license": 1})
        for person in people:
            annotations.append({"id": len(annotations) + 1, "image_id": number, **person})
    url = "https://www.apache.org/licenses/LICENSE-2.0"
    return {
        "licenses": [{"id": 1, "name": "Apache License 2.0", "url": url}],
        "images": images,
        "annotations": annotations,
        "categories": [_person_category()],
    }


def _person_category() -> dict:
    """Return COCO's person category; its skeleton counts keypoints from 1."""
    return {
        "id": 1,
        "name": "person",
        "supercategory": "person",
        "keypoints": list(get_skeleton("coco").names),
        "skeleton": [list(bone) for bone in _COCO_SKELETON],
    }


# fmt: off
_COCO_SKELETON = (
    (16, 14), (14, 12), (17, 15), (15, 13), (12, 13), (6, 12), (7, 13), (6, 7), (6, 8), (7, 9),
    (8, 10), (9, 11), (2, 3), (1, 2), (1, 3), (2, 4), (3, 5), (4, 6), (5, 7),
)
# fmt: on

COCO_LAYOUT = Layout(
    name="coco",
    description="people with COCO's 17 keypoints",
    default_size=(320, 240),
    entries=("annotations", "train2017", "val2017"),
    options=SyntheticPeopleOptions,
    draw=render_image,
    image_path=_image_path,
    write_annotations=_write_annotations,
)
