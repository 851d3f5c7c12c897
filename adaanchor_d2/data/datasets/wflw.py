"""WFLW's faces: 98 landmarks each, in the original list or in HRNet's csv.

WFLW does not say where its coordinates start. HRNet and MMPose use them as they are, as pixel
indices that start at 0, and so does this reader: the centre of the first pixel is (0, 0) in the
file. There are no visibility flags: every landmark is v = 2.
"""

import csv
import math
from collections.abc import Iterator, Sequence

from detectron2.structures import BoxMode

from ...errors import InputError
from ..skeletons import Skeleton
from .entries import Entry, EntryFormat, Person

# The centre of the pixel with 0-based index i is at i + 0.5.
TO_CONTINUOUS = 0.5
# The flags at the end of a line, in their order; each names a subset of the test set.
ATTRIBUTES = ("pose", "expression", "illumination", "make_up", "occlusion", "blur")
_PIXELS_PER_SCALE = 200.0  # of the csv's scale, as in HRNet
_CSV_COLUMNS = ("image_name", "scale", "center_w", "center_h")


def wflw_list_entries(list_file: str) -> Iterator[Entry]:
    """Yield the lines of ``list_98pt_rect_attr_*.txt`` that are not empty, cut into fields."""
    for number, line in enumerate(_read_text(list_file).splitlines(), start=1):
        if line.strip():
            yield Entry(f"{list_file}, line {number}", line.split())


def wflw_csv_entries(csv_file: str) -> Iterator[Entry]:
    """Yield the lines of HRNet's csv after the first, which names the columns."""
    rows = csv.reader(_read_text(csv_file).splitlines())
    header = next(rows, [])
    if len(header) < 2 or math.isfinite(_to_number(header[1])):
        raise InputError(f"{csv_file}, line 1 does not name the columns, as HRNet's csv does.")
    for row in rows:
        if row:
            yield Entry(f"{csv_file}, line {rows.line_num}", row)


def _read_text(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError as error:
        raise InputError(f"WFLW list {path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise InputError(f"WFLW list {path} is not a text file.") from None


def read_wflw_line(entry: Entry, skeleton: Skeleton) -> Person:
    """Read a line of the original list: landmarks, rectangle, six flags, image.

    ``bbox`` is the square that HRNet crops before padding: the landmarks' own box, rounded outward
    to whole pixels, and its longer side. It comes from the ground truth; the line's face rectangle
    (``rectangle``: x, y, width, height) does not. ``attributes`` maps :data:`ATTRIBUTES` to 0 or 1.
    """
    num_coordinates = 2 * skeleton.num_keypoints
    expected = num_coordinates + 4 + len(ATTRIBUTES) + 1
    if len(entry.content) != expected:
        raise InputError(
            f"{entry.where} has {len(entry.content)} fields, but a line of WFLW's list has "
            f"{expected}: {num_coordinates} coordinates, 4 of the rectangle, {len(ATTRIBUTES)} "
            "flags and the image."
        )
    *fields, image_name = entry.content
    numbers = _to_numbers(fields, entry)
    coordinates, rectangle = numbers[:num_coordinates], numbers[num_coordinates:][:4]
    flags = numbers[num_coordinates + 4 :]
    if not {0.0, 1.0}.issuperset(flags):
        wrong = next(i for i, flag in enumerate(flags) if flag not in (0.0, 1.0))
        raise InputError(
            f"{entry.where} has flag {ATTRIBUTES[wrong]} {flags[wrong]:g}, not 0 or 1."
        )
    x1, y1, x2, y2 = (value + TO_CONTINUOUS for value in rectangle)
    annotation = _face(coordinates, *_square_of(coordinates))
    annotation["rectangle"] = [x1, y1, x2 - x1, y2 - y1]
    annotation["attributes"] = {
        name: int(flag) for name, flag in zip(ATTRIBUTES, flags, strict=True)
    }
    return Person(image_name, annotation)


def read_wflw_csv_line(entry: Entry, skeleton: Skeleton) -> Person:
    """Read a line of HRNet's csv: image, scale, centre, landmarks. It has no rectangle, no flags.

    ``bbox`` is the square of 200 x scale pixels around the centre.
    """
    expected = len(_CSV_COLUMNS) + 2 * skeleton.num_keypoints
    if len(entry.content) != expected:
        raise InputError(
            f"{entry.where} has {len(entry.content)} fields, but a line of HRNet's csv has "
            f"{expected}: {', '.join(_CSV_COLUMNS)} and {2 * skeleton.num_keypoints} coordinates."
        )
    image_name, *fields = entry.content
    scale, center_x, center_y, *coordinates = _to_numbers(fields, entry)
    if scale <= 0:
        raise InputError(f"{entry.where} has scale {scale:g}, which is not above 0.")
    return Person(image_name, _face(coordinates, (center_x, center_y), _PIXELS_PER_SCALE * scale))


WFLW_LIST_FORMAT = EntryFormat(wflw_list_entries, read_wflw_line)
WFLW_CSV_FORMAT = EntryFormat(wflw_csv_entries, read_wflw_csv_line)


def wflw_format(annotation_file: str) -> EntryFormat:
    """The format of a file, told by its name."""
    return WFLW_CSV_FORMAT if annotation_file.lower().endswith(".csv") else WFLW_LIST_FORMAT


def _to_numbers(fields: Sequence[str], entry: Entry) -> list[float]:
    numbers = [_to_number(field) for field in fields]
    if not all(map(math.isfinite, numbers)):
        wrong = next(
            field for field, n in zip(fields, numbers, strict=True) if not math.isfinite(n)
        )
        raise InputError(f"{entry.where} has '{wrong}' where a finite number must stand.")
    return numbers


def _to_number(field: str) -> float:
    """NaN for what is no number."""
    try:
        return float(field)
    except ValueError:
        return math.nan


def _square_of(coordinates: Sequence[float]) -> tuple[tuple[float, float], float]:
    """Centre and side of HRNet's square, in the file's coordinates."""
    x, y = coordinates[0::2], coordinates[1::2]
    left, top, right, bottom = (
        *(math.floor(min(values)) for values in (x, y)),
        *(math.ceil(max(values)) for values in (x, y)),
    )
    return ((left + right) / 2, (top + bottom) / 2), max(right - left, bottom - top)


def _face(coordinates: Sequence[float], center: tuple[float, float], side: float) -> dict:
    """Detectron2's fields of a face, in continuous coordinates."""
    keypoints = [2.0] * (len(coordinates) // 2 * 3)
    keypoints[0::3] = [x + TO_CONTINUOUS for x in coordinates[0::2]]
    keypoints[1::3] = [y + TO_CONTINUOUS for y in coordinates[1::2]]
    return {
        "bbox": [*(value + TO_CONTINUOUS - side / 2 for value in center), float(side), float(side)],
        "bbox_mode": BoxMode.XYWH_ABS,
        "category_id": 0,
        "iscrowd": 0,
        "area": float(side * side),
        "num_keypoints": len(coordinates) // 2,
        "keypoints": keypoints,
    }
