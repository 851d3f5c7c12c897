"""The data of the gallery: people, pictures and what each run predicted, packed for the page.

Numbers travel as base64 of little-endian arrays, coordinates as whole multiples of a unit.
"""

import base64
from collections.abc import Sequence

import numpy as np

from ..analysis import ERROR_KINDS
from .people import People
from .predictions import Predictions, error_kinds
from .thumbnails import Thumbnail, make_thumbnail

# Coordinates are kept this fine (pixels) where the images are no larger than they allow.
_FINEST_UNIT = 0.05
_LARGEST = 32_767
_NO_PLACE = -32_768


def choose_people(errors: Sequence[np.ndarray], limit: int) -> np.ndarray:
    """Choose at most ``limit`` people: half of them the worst ones, the others evenly spread.

    Args:
        errors: of each run, (N, K); NaN where nothing is labelled.

    Returns:
        Rows, ascending. Who is worst is decided by the largest error of any run.
    """
    num_people = len(errors[0])
    if num_people <= limit:
        return np.arange(num_people)
    worst = np.max([np.nanmax(error, axis=1) for error in errors], axis=0)
    by_error = np.argsort(-worst, kind="stable")
    chosen, others = by_error[: limit // 2], np.sort(by_error[limit // 2 :])
    spread = np.linspace(0, len(others) - 1, limit - len(chosen)).round().astype(int)
    return np.sort(np.concatenate([chosen, others[spread]]))


def gallery_data(
    people: People, runs: dict[str, Predictions], rows: np.ndarray
) -> dict[str, object]:
    """What ``page/gallery.js`` reads, for the people in ``rows`` (n,).

    Args:
        runs: {title: predictions}.
    """
    used, image = np.unique(people.image[rows], return_inverse=True)
    thumbnails = [
        make_thumbnail(people.images[index].path, people.box[rows][image == number])
        for number, index in enumerate(used)
    ]
    unit = _unit(thumbnails)
    keypoints = people.keypoints[rows]
    return {
        "name": people.data_set,
        "kinds": [name.replace("_", " ") for name in people.skeleton.names],
        "edges": [list(edge) for edge in people.skeleton.edges],
        "tellsHidden": people.tells_hidden,
        "limitName": people.limit_name,
        "unit": unit,
        "count": len(rows),
        "images": [
            _image(people.images[index].image_id, thumbnail)
            for index, thumbnail in zip(used, thumbnails, strict=True)
        ],
        "image": image.tolist(),
        "id": people.annotation_id[rows].tolist(),
        "box": _pack_places(people.box[rows], unit),
        "xy": _pack_places(keypoints[..., :2], unit),
        "v": _pack(keypoints[..., 2], "u1"),
        "limit": _pack(people.limit[rows], "<f4"),
        "errorKinds": list(ERROR_KINDS),
        "runs": [_run(title, run, people, rows, unit) for title, run in runs.items()],
    }


def _image(image_id: int, thumbnail: Thumbnail) -> dict[str, object]:
    return {
        "id": image_id,
        "jpeg": thumbnail.jpeg,
        "region": thumbnail.region,
        "size": thumbnail.image_size,
    }


def _run(
    title: str, run: Predictions, people: People, rows: np.ndarray, unit: float
) -> dict[str, object]:
    kinds = error_kinds(run, people)
    return {
        "title": title,
        "xy": _pack_places(run.xy[rows], unit),
        "score": None if run.score is None else _pack_scores(run.score[rows]),
        "anchor": None if run.anchor is None else _pack_places(run.anchor[rows], unit),
        "errorKind": None if kinds is None else _pack(kinds[rows], "u1"),
    }


def _unit(thumbnails: list[Thumbnail]) -> float:
    """Pixels of one step; predictions may lie as far outside of an image as it is large."""
    largest = max(max(thumbnail.image_size) for thumbnail in thumbnails)
    return max(_FINEST_UNIT, 2 * largest / _LARGEST)


def _pack_scores(score: np.ndarray) -> str:
    """Scores from 0 to 1 in steps of 1 / 65535; 0 where there is none."""
    return _pack(np.round(np.clip(np.nan_to_num(score), 0, 1) * 65_535), "<u2")


def _pack_places(places: np.ndarray, unit: float) -> str:
    steps = np.clip(np.round(places / unit), -_LARGEST, _LARGEST)
    return _pack(np.where(np.isnan(places), _NO_PLACE, steps), "<i2")


def _pack(values: np.ndarray, dtype: str) -> str:
    return base64.b64encode(np.ascontiguousarray(values).astype(dtype).tobytes()).decode()
