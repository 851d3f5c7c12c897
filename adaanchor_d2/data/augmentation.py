"""Random changes of a person's crop, drawn as numbers; the mapper turns them into one affine map.

The distributions are those of SimplePose and, for the half-body crop, of HRNet.
"""

from typing import NamedTuple

import numpy as np

from .affine import CropRegion, fit_region
from .skeletons import Skeleton

# HRNet takes the upper half when a standard normal number is below 0.5.
UPPER_BODY_PROB = 0.69
# Labelled keypoints that a half must have to be chosen.
HALF_BODY_MIN_LABELLED = 3
HALF_BODY_PADDING = 1.5


class CropPlan(NamedTuple):
    """Which part of the image to take, and how to turn it."""

    region: CropRegion
    rotation: float  # degrees
    flip: bool


class PersonAugmentation:
    """Draws a :class:`CropPlan` for a person."""

    def __init__(
        self,
        *,
        skeleton: Skeleton,
        flip_prob: float,
        scale_factor: float,
        rotation_factor: float,
        rotation_prob: float,
        half_body_prob: float,
        half_body_min_keypoints: int,
    ) -> None:
        """
        Args:
            skeleton: its upper and lower half are what half-body crops choose from.
            flip_prob: probability of the mirror image.
            scale_factor: s; the region is scaled by N(1, s) clipped to [1 - s, 1 + s].
            rotation_factor: r degrees; the rotation is N(0, r) clipped to [-2 r, 2 r].
            rotation_prob: probability of a rotation.
            half_body_prob: probability of cropping to one half of the body.
            half_body_min_keypoints: labelled keypoints a person needs for that.
        """
        self.flip_prob = flip_prob
        self.scale_factor = scale_factor
        self.rotation_factor = rotation_factor
        self.rotation_prob = rotation_prob
        self.half_body_prob = half_body_prob
        self.half_body_min_keypoints = half_body_min_keypoints
        self._upper, self._lower = list(skeleton.upper_body), list(skeleton.lower_body)

    def __call__(
        self, region: CropRegion, keypoints: np.ndarray, rng: np.random.Generator
    ) -> CropPlan:
        """Draw a plan; ``keypoints`` (K, 3) are x, y in image pixels and v."""
        if self.half_body_prob > 0 and rng.random() < self.half_body_prob:
            region = self._half_body_region(region, keypoints, rng) or region
        if self.scale_factor > 0:
            factor = 1 + self.scale_factor * float(rng.standard_normal())
            region = region.scaled(_clip(factor, 1 - self.scale_factor, 1 + self.scale_factor))
        rotation = 0.0
        if self.rotation_factor > 0 and rng.random() < self.rotation_prob:
            limit = 2 * self.rotation_factor
            rotation = _clip(self.rotation_factor * float(rng.standard_normal()), -limit, limit)
        return CropPlan(region, rotation, self.flip_prob > 0 and rng.random() < self.flip_prob)

    def _half_body_region(
        self, region: CropRegion, keypoints: np.ndarray, rng: np.random.Generator
    ) -> CropRegion | None:
        """The region of one half's labelled keypoints; None when there are too few of them."""
        labelled = keypoints[:, 2] > 0
        if labelled.sum() < self.half_body_min_keypoints:
            return None
        halves = [keypoints[half][labelled[half], :2] for half in (self._upper, self._lower)]
        if rng.random() >= UPPER_BODY_PROB:
            halves.reverse()
        points = next((half for half in halves if len(half) >= HALF_BODY_MIN_LABELLED), None)
        if points is None:
            return None
        width, height = (points.max(0) - points.min(0)).tolist()
        if max(width, height) <= 0:
            return None
        center = tuple(points.mean(0).tolist())
        return fit_region(center, (width, height), region.width / region.height, HALF_BODY_PADDING)


def _clip(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)
