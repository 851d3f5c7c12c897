"""Predictions beside the ground truth (figures 7 and 8 of the paper)."""

import math
from collections.abc import Sequence

import cv2
import numpy as np

from ..data.skeletons import Skeleton
from .poses import draw_annotation, draw_people

_LEAST_WIDTH_PX = 480  # smaller images are enlarged by a whole number
_BAND_PX = 28
_BAND_COLOR, _TEXT_COLOR = (255, 255, 255), (30, 30, 30)
_GAP_PX = 6


def draw_comparison(
    image: np.ndarray,
    keypoints: np.ndarray,
    annotations: Sequence[dict],
    skeleton: Skeleton,
    *,
    threshold: float,
    anchors: np.ndarray | None = None,
) -> np.ndarray:
    """Return a picture of the predicted people on the left, of the annotated ones on the right.

    Hidden keypoints of the ground truth are rings.

    Args:
        image: (H, W, 3) uint8, BGR.
        keypoints, threshold, anchors: see ``draw_people``.
        annotations: see ``draw_annotation``.
    """
    factor = max(1, math.ceil(_LEAST_WIDTH_PX / image.shape[1]))
    image = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    predicted = draw_people(
        image,
        keypoints * np.array([factor, factor, 1]),
        skeleton,
        threshold=threshold,
        anchors=None if anchors is None else anchors * factor,
    )
    annotated = image
    for person in annotations:
        annotated = draw_annotation(annotated, _enlarged(person, factor), skeleton)
    gap = np.full((image.shape[0] + _BAND_PX, _GAP_PX, 3), _BAND_COLOR, np.uint8)
    sides = _with_title(predicted, "prediction"), _with_title(annotated, "ground truth")
    return np.hstack((sides[0], gap, sides[1]))


def _enlarged(person: dict, factor: int) -> dict:
    enlarged = {**person, "bbox": [factor * value for value in person["bbox"]]}
    if "keypoints" in person:
        points = np.reshape(person["keypoints"], (-1, 3)) * np.array([factor, factor, 1])
        enlarged["keypoints"] = points.ravel()
    return enlarged


def _with_title(picture: np.ndarray, title: str) -> np.ndarray:
    band = np.full((_BAND_PX, picture.shape[1], 3), _BAND_COLOR, np.uint8)
    cv2.putText(band, title, (6, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.55, _TEXT_COLOR, 1, cv2.LINE_AA)
    return np.vstack((band, picture))
