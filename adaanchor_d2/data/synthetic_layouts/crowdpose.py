"""People with CrowdPose's 14 keypoints in CrowdPose's layout, standing close together."""

import json
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np

from ..datasets.crowdpose import crowd_index
from ..skeletons import get_skeleton
from ..synthetic_people.crowdpose_labels import annotate_crowdpose
from ..synthetic_people.image import SyntheticPeopleOptions, render_image
from .layout import DataSetInfo, Layout, image_id


@dataclass(frozen=True)
class SyntheticCrowdsOptions(SyntheticPeopleOptions):
    """Defaults whose crowd index is spread about as CrowdPose's is.

    Its quartiles are 0.14, 0.49, 0.75 here (300 pictures) and 0.25, 0.48, 0.73 in CrowdPose's
    validation split. Hard crowds: ``min_people`` 4, ``max_people`` 8, ``overlap_probability`` 1
    (0.72, 1.06, 1.44).
    """

    max_people: int = 6
    empty_probability: float = 0.0
    overlap_probability: float = 0.6
    min_people: int = 2


def _file_name(split: str, index: int) -> str:
    return f"{image_id(split, index)}.jpg"


def _image_path(split: str, index: int) -> str:
    return f"images/{_file_name(split, index)}"


def _write_annotations(
    output: Path, split: str, people_of_images: list[list[dict]], info: DataSetInfo
) -> None:
    images, annotations = [], []
    for index, people in enumerate(people_of_images):
        number = image_id(split, index)
        images.append(
            {
                "file_name": _file_name(split, index),
                "id": number,
                "height": info.height,
                "width": info.width,
                "crowdIndex": _crowd_index(people),
            }
        )
        for person in people:
            annotation_id = image_id(split, len(annotations))  # distinct: trainval joins the splits
            annotations.append({**person, "image_id": number, "id": annotation_id})
    content = {
        "info": {
            "description": "Synthetic crowds",
            "seed": info.seed,
            "options": asdict(info.options),
        },
        "images": images,
        "annotations": annotations,
        "categories": [_person_category()],
    }
    folder = output / "annotations"
    folder.mkdir(exist_ok=True)
    (output / "images").mkdir(exist_ok=True)
    (folder / f"crowdpose_{split}.json").write_text(json.dumps(content))


def _crowd_index(people: list[dict]) -> float:
    """Return an image's crowd index with two decimals, as the official files have it."""
    boxes = np.array([person["bbox"] for person in people], float).reshape(-1, 4)
    keypoints = np.array([person["keypoints"] for person in people], float)
    num_keypoints = get_skeleton("crowdpose").num_keypoints
    return round(crowd_index(boxes, keypoints.reshape(len(people), num_keypoints, 3)), 2)


def _person_category() -> dict:
    """Return the person category; the skeleton counts keypoints from 1."""
    skeleton = get_skeleton("crowdpose")
    return {
        "supercategory": "person",
        "id": 1,
        "name": "person",
        "keypoints": list(skeleton.names),
        "skeleton": [[a + 1, b + 1] for a, b in skeleton.edges],
    }


CROWDPOSE_LAYOUT = Layout(
    name="crowdpose",
    description="crowds of people with CrowdPose's 14 keypoints",
    default_size=(320, 240),
    entries=("annotations", "images"),
    options=SyntheticCrowdsOptions,
    draw=partial(render_image, annotate=annotate_crowdpose),
    image_path=_image_path,
    write_annotations=_write_annotations,
)
