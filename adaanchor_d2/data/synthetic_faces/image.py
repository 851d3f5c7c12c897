"""One synthetic picture with faces: who is where, what hides them, light and camera."""

from dataclasses import dataclass

import cv2
import numpy as np

from ...errors import InputError
from ..synthetic_drawing.canvas import Canvas
from ..synthetic_drawing.objects import fill_textured
from ..synthetic_drawing.options import check_probabilities
from ..synthetic_drawing.photograph import add_grain, apply_light
from ..synthetic_drawing.polygons import ellipse, polygon
from ..synthetic_drawing.scene import draw_background
from ..synthetic_drawing.textures import scaled
from .attributes import OCCLUDED_LANDMARKS, is_expressive, is_large_pose
from .head import HAIR, Head, face_code
from .landmarks import CONTOUR
from .light import Blur, SceneLight, random_blur, random_light
from .look import random_look
from .occluders import draw_face_occluder
from .traits import random_expression, random_proportions, random_turn
from .wear import draw_glasses

_MARGIN = 2.0  # least distance of a landmark from the picture's border, pixels
_FOREHEAD = (np.array((-45.0, 0.0, 45.0)), np.full(3, 0.72))  # angles, heights


@dataclass(frozen=True)
class SyntheticFacesOptions:
    """How many faces there are and how hard they are to see.

    Attributes:
        max_faces: most faces in a picture.
        face_occluder_probability: something is before a face.
        light_probability: the light is dark, from a side or too strong.
        blur_probability: the picture is blurred.

    Raises:
        InputError: for a value out of range.
    """

    max_faces: int = 3
    face_occluder_probability: float = 0.24
    light_probability: float = 0.26
    blur_probability: float = 0.28

    def __post_init__(self) -> None:
        if not 1 <= self.max_faces <= 20:
            raise InputError(f"max_faces must be 1 to 20, not {self.max_faces}.")
        check_probabilities(self)


@dataclass(frozen=True)
class FaceAnnotation:
    """What is known of a drawn face.

    Attributes:
        landmarks: (98, 2) continuous pixel coordinates, hidden ones as well.
        box: (4,) left, top, right, bottom of the face from forehead to chin, continuous pixel
            coordinates, at least half a pixel inside the picture.
        attributes: six flags in the order of ``attributes.NAMES``.
    """

    landmarks: np.ndarray
    box: np.ndarray
    attributes: tuple[bool, ...]


def render_image(
    rng: np.random.Generator,
    width: int = 256,
    height: int = 256,
    options: SyntheticFacesOptions | None = None,
) -> tuple[np.ndarray, list[FaceAnnotation]]:
    """Draw one picture.

    Args:
        rng: the only source of chance.
        width: pixels.
        height: pixels.
        options: how many faces and how hard to see.

    Returns:
        The picture (height, width, 3), uint8, BGR, and its faces.
    """
    options = options or SyntheticFacesOptions()
    canvas = Canvas(width, height)
    light = random_light(rng, options.light_probability)
    draw_background(canvas, rng, height * rng.uniform(0.3, 0.9))
    if rng.random() < 0.7:
        _defocus(canvas, rng.uniform(1.0, 2.5))
    heads = _place_heads(rng, width, height, options)
    drawn = [_draw_face(canvas, rng, i, head, light, options) for i, head in enumerate(heads)]
    blur = random_blur(rng, options.blur_probability, float(np.mean([h.span_px for h in heads])))
    annotations = [
        _annotate(canvas, rng, i, head, before, light, blur)
        for i, (head, before) in enumerate(zip(heads, drawn, strict=True))
    ]
    canvas.finish()
    image = apply_light(canvas.image, light.brightness, rng.uniform(0.9, 1.08, (2, 2, 1)))
    return add_grain(blur.apply(image), rng, rng.uniform(0.0, 0.25)), annotations


def _defocus(canvas: Canvas, strength: float) -> None:
    """Blur what has been drawn so far, the background."""
    quarter = (max(1, canvas.width // 4), max(1, canvas.height // 4))
    small = cv2.resize(canvas.image, quarter, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), 0.4 * strength)
    canvas.image = cv2.resize(small, (canvas.width, canvas.height))


def _place_heads(
    rng: np.random.Generator, width: int, height: int, options: SyntheticFacesOptions
) -> list[Head]:
    """Return heads side by side, the smaller ones first."""
    weights = 0.15 ** np.arange(options.max_faces)
    count = 1 + int(np.searchsorted(np.cumsum(weights / weights.sum()), rng.random()))
    count = min(count, options.max_faces)
    room = min(width / count, 0.9 * height)
    order = rng.permutation(count)
    heads = []
    for place in range(count):
        span = room * rng.uniform(0.18, 0.29) * (1 if count == 1 else 1.2)
        origin = np.array(((order[place] + rng.uniform(0.35, 0.65)) / count * width, 0.45 * height))
        origin += rng.normal(0, 0.05, 2) * (0, height)
        traits = random_proportions(rng), random_expression(rng), random_turn(rng), random_look(rng)
        head = Head(*traits, span, origin)
        head.origin = head.origin + _shift_inside(head.keypoints(), width, height)
        heads.append(head)
    return sorted(heads, key=lambda head: head.span_px)


def _shift_inside(points: np.ndarray, width: int, height: int) -> np.ndarray:
    low, high = points.min(axis=0) - _MARGIN, points.max(axis=0) + _MARGIN
    return np.maximum(0, -low) + np.minimum(0, (width, height) - high)


def _draw_face(
    canvas: Canvas,
    rng: np.random.Generator,
    index: int,
    head: Head,
    light: SceneLight,
    options: SyntheticFacesOptions,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw shoulders, head and what is before it.

    Returns:
        Colours (98, 3) and layers (98,) at the landmarks before something hid the face.
    """
    _draw_shoulders(canvas, rng, head)
    head.draw(canvas, index, light.on_faces, rng)
    if head.look.glasses:
        draw_glasses(canvas, head, rng)
    before = _at_landmarks(canvas, head)
    if rng.random() < options.face_occluder_probability:
        draw_face_occluder(canvas, head, rng)
    return before


def _draw_shoulders(canvas: Canvas, rng: np.random.Generator, head: Head) -> None:
    span, (x, y) = head.span_px, head.shoulder_place().tolist()
    half, slope, low = (
        rng.uniform(1.5, 2.1) * span,
        rng.uniform(0.35, 0.6) * span,
        canvas.height + 2,
    )
    right = ((0.45 * span, -0.12 * span), (0.75 * half, 0.5 * slope), (half, slope))
    right = np.array((*right, (1.15 * half, max(low - y, 2 * slope))))
    outline = np.concatenate((right, right[::-1] * (-1, 1))) + (x, y)
    area = cv2.convexHull(polygon(outline))[:, 0]
    fill_textured(canvas, rng, area, head.look.shirt)
    neckline = ellipse(x, y, 0.62 * span, rng.uniform(0.25, 0.6) * span)
    canvas.fill(neckline, scaled(head.look.skin, 0.72))


def _at_landmarks(canvas: Canvas, head: Head) -> tuple[np.ndarray, np.ndarray]:
    size = (canvas.width - 1, canvas.height - 1)
    x, y = np.clip(head.keypoints().astype(int), 0, size).T
    return canvas.image[y, x].copy(), canvas.layers[y, x].copy()


def _annotate(
    canvas: Canvas,
    rng: np.random.Generator,
    index: int,
    head: Head,
    before: tuple[np.ndarray, np.ndarray],
    light: SceneLight,
    blur: Blur,
) -> FaceAnnotation:
    colours, layers = before
    colours_now, layers_now = _at_landmarks(canvas, head)
    covered = (colours_now != colours).any(axis=1) | (layers_now != layers)
    under_hair = canvas.codes_of(layers) == face_code(index, HAIR)
    under_hair[CONTOUR] = False  # hair is beside it as a rule, not before it
    covered |= under_hair
    attributes = (
        is_large_pose(head.turn),
        is_expressive(head.expression),
        light.kind != "plain",
        head.look.make_up is not None,
        int(np.count_nonzero(covered)) >= OCCLUDED_LANDMARKS,
        blur.is_strong(head.span_px),
    )
    return FaceAnnotation(head.keypoints(), _face_box(canvas, rng, head), attributes)


def _face_box(canvas: Canvas, rng: np.random.Generator, head: Head) -> np.ndarray:
    """Return the box a person might draw around the face: forehead to chin, a little off."""
    forehead = head.to_picture(head.to_camera(head.surface.points_at(*_FOREHEAD)))
    points = np.vstack((forehead, head.keypoints()))
    low, high = points.min(axis=0), points.max(axis=0)
    corners = np.stack((low, high)) + rng.uniform(-0.03, 0.03, (2, 2)) * (high - low)
    size = np.array((canvas.width, canvas.height))
    return np.clip(corners, 0.5, size - 0.5).ravel()
