"""Faces with WFLW's 98 landmarks in WFLW's original layout.

A line of ``list_98pt_rect_attr_{train,test}.txt`` holds 196 coordinates (x y of each landmark), the
face's rectangle (x_min y_min x_max y_max, rounded to whole numbers), six flags (pose, expression,
illumination, make-up, occlusion, blur) and the picture below ``WFLW_images``. All coordinates are
pixel indices, as WFLW's readers take them: whole numbers are pixel centres, continuous ones minus
0.5.
"""

from pathlib import Path

from ..synthetic_faces.image import FaceAnnotation, SyntheticFacesOptions, render_image
from .layout import DataSetInfo, Layout

_FILES = {"train": "train", "val": "test"}
_IMAGES = "WFLW_images"
_LISTS = "WFLW_annotations/list_98pt_rect_attr_train_test"
_PICTURES_PER_EVENT = 500


def _file_name(split: str, index: int) -> str:
    event = index // _PICTURES_PER_EVENT
    return f"{event}--Synthetic/{event}_Synthetic_{_FILES[split]}_{index}.jpg"


def _image_path(split: str, index: int) -> str:
    return f"{_IMAGES}/{_file_name(split, index)}"


def _write_annotations(
    output: Path, split: str, faces_of_images: list[list[FaceAnnotation]], info: DataSetInfo
) -> None:
    folder = output / _LISTS
    folder.mkdir(parents=True, exist_ok=True)
    (output / _IMAGES).mkdir(exist_ok=True)
    lines = [
        f"{_fields(face)} {_file_name(split, index)}\n"
        for index, faces in enumerate(faces_of_images)
        for face in faces
    ]
    (folder / f"list_98pt_rect_attr_{_FILES[split]}.txt").write_text("".join(lines))


def _fields(face: FaceAnnotation) -> str:
    coordinates = [f"{value:.6f}" for value in (face.landmarks - 0.5).ravel().tolist()]
    rectangle = [f"{value:.0f}" for value in (face.box - 0.5).tolist()]
    return " ".join((*coordinates, *rectangle, *(str(int(flag)) for flag in face.attributes)))


WFLW_LAYOUT = Layout(
    name="wflw",
    description="faces with WFLW's 98 landmarks",
    default_size=(256, 256),
    entries=("WFLW_annotations", _IMAGES),
    options=SyntheticFacesOptions,
    draw=render_image,
    image_path=_image_path,
    write_annotations=_write_annotations,
)
