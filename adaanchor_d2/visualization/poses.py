"""Drawing of people on images: skeleton, keypoints, box."""

from collections.abc import Sequence

import cv2
import numpy as np

from ..data.skeletons import Skeleton

# BGR. Left and right are told by the names of the skeleton. Colour-blind people can tell these
# apart, and the dark edge around them shows on snow as on asphalt.
LEFT_COLOR = (255, 170, 50)
RIGHT_COLOR = (0, 120, 255)
MIDDLE_COLOR = (80, 230, 245)
BOX_COLOR = (220, 220, 220)
ARROW_COLOR = (230, 60, 255)
EDGE_COLOR = (40, 40, 40)
_SHIFT = 4  # OpenCV draws at 1 / 2**4 of a pixel.
# Radius of a keypoint's disc, as a part of what is drawn and of the picture (longer sides).
_RADIUS_PER_PERSON = 1 / 80
_RADIUS_PER_PICTURE = 1 / 130
_LEAST_RADIUS_PX = 1.0
_LEAST_RING_PX = 2.5  # a smaller ring is a disc
_LEAST_EDGED_RADIUS_PX = 3.0  # lines of smaller marks have no dark edge


def draw_pose(
    image: np.ndarray,
    keypoints: np.ndarray,
    skeleton: Skeleton,
    *,
    shown: np.ndarray,
    hidden: np.ndarray | None = None,
) -> np.ndarray:
    """Return a copy of ``image`` with one person's keypoints and the edges between them.

    Left is blue, right orange, the middle yellow. Hidden keypoints are rings, others filled discs.
    Discs and lines are the smaller, the smaller the person is.

    Args:
        image: (H, W, 3) uint8, BGR.
        keypoints: (K, 2) or more columns, the first two x, y in continuous pixels.
        skeleton: of K keypoints.
        shown: (K,) bool, the keypoints to draw. An edge is drawn where both its ends are.
        hidden: (K,) bool; None draws all as visible.
    """
    canvas = image.copy()
    hidden = np.zeros(len(keypoints), bool) if hidden is None else hidden
    colors = [_side_color(name) for name in skeleton.names]
    radius = _disc_radius(image, np.asarray(keypoints)[shown, :2])
    for a, b in skeleton.edges:
        if shown[a] and shown[b]:
            color = colors[a] if colors[a] == colors[b] else MIDDLE_COLOR
            ends = _fixed_point(keypoints[a]), _fixed_point(keypoints[b])
            thickness = max(1, round(radius / 2))
            if radius >= _LEAST_EDGED_RADIUS_PX:
                cv2.line(canvas, *ends, EDGE_COLOR, thickness + 2, cv2.LINE_AA, _SHIFT)
            cv2.line(canvas, *ends, color, thickness, cv2.LINE_AA, _SHIFT)
    for k in np.flatnonzero(shown):
        center = _fixed_point(keypoints[k])
        thickness = max(1, round(radius / 3)) if hidden[k] else cv2.FILLED
        size = max(1.5 * radius, _LEAST_RING_PX) if hidden[k] else radius
        cv2.circle(
            canvas, center, round(size * 2**_SHIFT), colors[k], thickness, cv2.LINE_AA, _SHIFT
        )
    return canvas


def draw_people(
    image: np.ndarray,
    keypoints: np.ndarray,
    skeleton: Skeleton,
    *,
    threshold: float,
    anchors: np.ndarray | None = None,
    boxes: np.ndarray | None = None,
) -> np.ndarray:
    """Return a copy of ``image`` with predicted people.

    Args:
        image: (H, W, 3) uint8, BGR.
        keypoints: (N, K, 3), x, y in continuous pixels, score.
        skeleton: of K keypoints.
        threshold: keypoints with a lower score are not drawn.
        anchors: (N, K, 2); an arrow points from each to its keypoint. None: no arrows.
        boxes: (N, 4) x1, y1, x2, y2; None: no boxes.
    """
    canvas = image.copy()
    for box in () if boxes is None else boxes:
        canvas = draw_box(canvas, box)
    for index, person in enumerate(keypoints):
        shown = person[:, 2] >= threshold
        canvas = draw_pose(canvas, person, skeleton, shown=shown)
        if anchors is not None:
            canvas = draw_arrows(canvas, anchors[index][shown], person[shown])
    return canvas


def draw_annotation(image: np.ndarray, person: dict, skeleton: Skeleton) -> np.ndarray:
    """Return a copy of ``image`` with one annotated person's box and labelled keypoints.

    Args:
        person: Detectron2's: ``bbox`` (x, y, width, height) and, where there is ground truth,
            ``keypoints`` (flat x, y, v); those with v = 1 are hidden.
    """
    x, y, width, height = person["bbox"]
    picture = draw_box(image, (x, y, x + width, y + height))
    if "keypoints" not in person:
        return picture
    return draw_labels(picture, np.reshape(person["keypoints"], (-1, 3)), skeleton)


def draw_labels(image: np.ndarray, keypoints: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    """Return a copy of ``image`` with labelled keypoints (K, 3), x, y, v; hidden where v = 1."""
    v = keypoints[:, 2]
    return draw_pose(image, keypoints, skeleton, shown=v > 0, hidden=v == 1)


def draw_arrows(image: np.ndarray, tails: np.ndarray, heads: np.ndarray) -> np.ndarray:
    """Return a copy of ``image`` with arrows from ``tails`` (N, 2) to ``heads`` (N, 2 or more)."""
    canvas = image.copy()
    radius = _disc_radius(image, heads[:, :2])
    thickness = max(1, round(radius / 3))
    for tail, head in zip(tails, heads, strict=True):
        ends = _fixed_point(tail), _fixed_point(head)
        length = float(np.hypot(*(head[:2] - tail)))
        tip = min(0.5, 2 * radius / max(length, 1e-6))  # as a part of the length
        cv2.arrowedLine(canvas, *ends, ARROW_COLOR, thickness, cv2.LINE_AA, _SHIFT, tip)
        size = round(max(1.0, radius / 2) * 2**_SHIFT)
        cv2.circle(canvas, ends[0], size, ARROW_COLOR, cv2.FILLED, cv2.LINE_AA, _SHIFT)
    return canvas


def draw_box(image: np.ndarray, box: Sequence[float], color=BOX_COLOR) -> np.ndarray:
    """Return a copy of ``image`` (H, W, 3) with a box (x1, y1, x2, y2; continuous pixels)."""
    canvas = image.copy()
    corners = _fixed_point(box[:2]), _fixed_point(box[2:])
    radius = _disc_radius(image, np.reshape(box, (2, 2)))
    cv2.rectangle(canvas, *corners, color, max(1, round(radius / 3)), cv2.LINE_AA, _SHIFT)
    return canvas


def _disc_radius(image: np.ndarray, points: np.ndarray) -> float:
    """Radius of a keypoint's disc in pixels, fitting the image and what points (N, 2) span."""
    extent = float(np.ptp(points, axis=0).max()) if len(points) > 1 else np.inf
    radius = min(_RADIUS_PER_PICTURE * max(image.shape[:2]), _RADIUS_PER_PERSON * extent)
    return max(_LEAST_RADIUS_PX, radius)


def _fixed_point(point: Sequence[float]) -> tuple[int, int]:
    """Continuous (x, y) in OpenCV's drawing units: pixel indices times 2**_SHIFT."""
    return round((float(point[0]) - 0.5) * 2**_SHIFT), round((float(point[1]) - 0.5) * 2**_SHIFT)


def _side_color(name: str) -> tuple[int, int, int]:
    if "left" in name.lower():
        return LEFT_COLOR
    return RIGHT_COLOR if "right" in name.lower() else MIDDLE_COLOR
