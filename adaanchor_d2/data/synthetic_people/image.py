"""One synthetic picture with people: who stands where, what is before them, light and camera."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from ...errors import InputError
from ..synthetic_drawing.canvas import Canvas
from ..synthetic_drawing.objects import draw_cover, draw_occluder, draw_seat
from ..synthetic_drawing.options import check_probabilities
from ..synthetic_drawing.photograph import add_grain, apply_light
from ..synthetic_drawing.scene import draw_background
from .figure import Figure, random_figure
from .labels import Silhouette, annotate_coco

Annotate = Callable[[np.ndarray, int, Figure, Silhouette], dict | None]


@dataclass(frozen=True)
class SyntheticPeopleOptions:
    """How crowded, how hidden and how varied in pose the people are.

    Attributes:
        max_people: most people in a picture.
        min_people: fewest people in a picture that is not empty.
        empty_probability: a picture without people.
        overlap_probability: a further person stands close to an earlier one.
        occluder_probability: something stands in front of a person.
        truncation_probability: a person is cut off by the picture's border.
        hidden_center_probability: something covers the middle of a person's keypoints, which
            single-stage methods look for.
        any_pose_probability: a person takes any pose, seen from any side; otherwise it stands
            upright and faces the viewer.

    Raises:
        InputError: for a value out of range.
    """

    max_people: int = 4
    empty_probability: float = 0.03
    overlap_probability: float = 0.35
    occluder_probability: float = 0.27
    truncation_probability: float = 0.16
    hidden_center_probability: float = 0.0
    any_pose_probability: float = 1.0
    min_people: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.max_people <= 1000:
            raise InputError(f"max_people must be 1 to 1000, not {self.max_people}.")
        if not 1 <= self.min_people <= self.max_people:
            raise InputError(
                f"min_people must be 1 to max_people {self.max_people}, not {self.min_people}."
            )
        check_probabilities(self)


def render_image(
    rng: np.random.Generator,
    width: int = 320,
    height: int = 240,
    options: SyntheticPeopleOptions | None = None,
    annotate: Annotate = annotate_coco,
) -> tuple[np.ndarray, list[dict]]:
    """Draw one picture.

    Args:
        rng: the only source of chance.
        width: pixels.
        height: pixels.
        options: how crowded and how hidden the people are.
        annotate: makes a person's annotation of what lies on top at each pixel, the person's
            index, the person and its silhouette; None leaves the person out.

    Returns:
        The picture (height, width, 3), uint8, BGR, and the people's annotations: by default
        COCO's without ``id`` and ``image_id``, with keypoints in COCO's coordinates (continuous
        ones minus 0.5).
    """
    options = options or SyntheticPeopleOptions()
    canvas = Canvas(width, height)
    horizon = height * rng.uniform(0.15, 0.5)
    draw_background(canvas, rng, horizon)
    people = _place_people(rng, width, height, horizon, options)
    silhouettes = [_draw_person(canvas, rng, i, figure, options) for i, figure in enumerate(people)]
    labels = canvas.labels()
    annotations = [
        annotate(labels, i, figure, silhouette)
        for i, (figure, silhouette) in enumerate(zip(people, silhouettes, strict=True))
        if silhouette is not None
    ]
    canvas.finish()
    return _photograph(canvas.image, rng), [a for a in annotations if a is not None]


def _place_people(
    rng: np.random.Generator,
    width: int,
    height: int,
    horizon: float,
    options: SyntheticPeopleOptions,
) -> list[Figure]:
    """Return the people from far to near."""
    if rng.random() < options.empty_probability:
        return []
    light, camera_pitch = rng.uniform(-1, 1), rng.uniform(-4, 16)
    weights = 0.72 ** np.arange(options.max_people - options.min_people + 1)
    more = int(np.searchsorted(np.cumsum(weights / weights.sum()), rng.random()))
    count = options.min_people + more
    people: list[Figure] = []
    for _ in range(min(count, options.max_people)):
        stature = height * 0.30 * (0.90 / 0.30) ** rng.random()
        beside = people[int(rng.integers(len(people)))] if people else None
        if rng.random() >= options.overlap_probability:
            beside = None
        if beside is not None:
            stature = beside.stature_px * rng.uniform(0.8, 1.2)
        cut = rng.random() < options.truncation_probability
        if cut:
            stature *= rng.uniform(1.0, 1.7)
        figure = random_figure(rng, stature, camera_pitch, light, options.any_pose_probability)
        figure.origin = _origin(rng, figure, width, height, horizon, beside, cut)
        people.append(figure)
    return sorted(people, key=lambda figure: figure.bounds()[1, 1])


def _origin(
    rng: np.random.Generator,
    figure: Figure,
    width: int,
    height: int,
    horizon: float,
    beside: Figure | None,
    cut: bool,
) -> np.ndarray:
    """Return where the pelvis of a figure goes, which still is at (0, 0)."""
    low, high = figure.bounds()
    ground = horizon + figure.stature_px * rng.uniform(0.6, 1.1)
    x = rng.uniform(0, width)
    if beside is not None:
        x = beside.origin[0] + rng.choice((-1, 1)) * rng.uniform(0.12, 0.5) * figure.stature_px
        ground = beside.bounds()[1, 1] + rng.normal(0, 0.05) * figure.stature_px
    wanted = np.array((x, ground - high[1]))
    margin = 2.0
    room_low, room_high = margin - low, (width - margin, height - margin) - high
    fitting = np.where(
        room_low < room_high, np.clip(wanted, room_low, room_high), (room_low + room_high) / 2
    )
    if not cut:
        return fitting
    size, share = high - low, rng.uniform(0.12, 0.55)
    edge = rng.random()
    if edge < 0.3:
        fitting[0] = room_low[0] - share * size[0]
    elif edge < 0.6:
        fitting[0] = room_high[0] + share * size[0]
    elif edge < 0.95:
        fitting[1] = room_high[1] + share * size[1]
    else:
        fitting[1] = room_low[1] - 0.4 * share * size[1]
    return fitting


def _draw_person(
    canvas: Canvas,
    rng: np.random.Generator,
    index: int,
    figure: Figure,
    options: SyntheticPeopleOptions,
) -> Silhouette | None:
    """Draw a person, what it sits on and what hides it; return its silhouette in the picture."""
    low, high = figure.bounds()
    stature, (x, seat) = figure.stature_px, figure.origin.tolist()
    canvas.shadow((low[0] + high[0]) / 2, high[1], 0.62 * (high[0] - low[0]), 0.06 * stature, 0.6)
    if figure.pose.name == "sit":
        draw_seat(canvas, rng, x, seat + 0.06 * stature, high[1], 0.17 * stature)
    first_layer = canvas.num_layers
    figure.draw(canvas, index, rng)
    silhouette = _silhouette(canvas, first_layer, low - 0.06 * stature, high + 0.06 * stature)
    if rng.random() < options.occluder_probability:
        points = figure.keypoints()
        target = points[int(rng.integers(5, len(points)))]
        draw_occluder(canvas, rng, target, high[1], stature)
    # Where the option is off no number is drawn, so that it does not change the picture.
    if options.hidden_center_probability > 0 and rng.random() < options.hidden_center_probability:
        draw_cover(canvas, rng, figure.keypoints().mean(axis=0), stature)
    return silhouette


def _silhouette(
    canvas: Canvas, first_layer: int, low: np.ndarray, high: np.ndarray
) -> Silhouette | None:
    """Return the box and the area of the layers from ``first_layer`` on, None when there are none.

    ``low`` and ``high`` bound where to look.
    """
    left, top = (max(0, int(v)) for v in low)
    right, bottom = (max(0, int(v) + 1) for v in high)
    mask = canvas.layers[top:bottom, left:right] >= first_layer
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    box = (left + columns[0], top + rows[0], left + columns[-1] + 1, top + rows[-1] + 1)
    return Silhouette(tuple(map(int, box)), int(np.count_nonzero(mask)))


def _photograph(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Give a picture its light, sharpness and sensor noise."""
    brightness = rng.uniform(0.75, 1.2) * rng.uniform(0.9, 1.08, 3)
    image = apply_light(image, brightness, rng.uniform(0.8, 1.1, (2, 2, 1)))
    if rng.random() < 0.4:
        image = cv2.GaussianBlur(image, (5, 5), rng.uniform(0.4, 1.1) * image.shape[0] / 240)
    return add_grain(image, rng, rng.uniform(0.0, 0.35))
