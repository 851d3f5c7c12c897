"""Samples of people who are hidden by a chosen share of their box, for stress tests.

The *hidden fraction* of a person is the share of its box that is covered by a thing or cut off by a
border; only the part of the box inside the image counts. What is hidden of a person depends on the
seed and its annotation id, and neither on the model nor on the order of the samples.
"""

from collections.abc import Callable

import numpy as np
import torch

from ..errors import InputError
from .covers import Cover, plan_cover
from .cuts import Cut, plan_cut
from .person_mapper import PersonCropMapper
from .sample_parts import get_channel_order, image_to_tensor

# kind -> how it is planned: (box, the box's part inside the image, fraction, rng) -> what hides.
STRESS_KINDS: dict[str, Callable[..., Cover | Cut]] = {
    "occluder": plan_cover,
    "truncation": plan_cut,
}
MOST_FRACTION = 0.95


def check_stress(fraction: float, seed: int) -> None:
    """Raise InputError unless a fraction of a box can be hidden, chosen by the seed."""
    if not 0 <= fraction <= MOST_FRACTION:
        raise InputError(
            f"The fraction to hide is {fraction:g}, but must be from 0 to {MOST_FRACTION}."
        )
    if seed < 0:
        raise InputError(f"The seed of a stress test is {seed}, but must not be negative.")


class StressMapper:
    """Maps person records as ``PersonCropMapper`` does for evaluation, the people partly hidden.

    With truncation the crop is made of what is left of the box, as if the image ended there.
    Samples have two more entries: ``hidden``, (K,) bool, the keypoints that are covered or cut off;
    and ``hidden_fraction``, as measured. A fraction of 0 leaves everything as it is.
    """

    def __init__(
        self,
        mapper: PersonCropMapper,
        *,
        kind: str,
        fraction: float,
        seed: int,
        image_format: str,
    ) -> None:
        """
        Args:
            mapper: for evaluation with annotated boxes.
            kind: see ``STRESS_KINDS``.
            fraction: to be hidden, 0 to ``MOST_FRACTION``.
            seed: 0 or more.
            image_format: "RGB" or "BGR", the mapper's.

        Raises:
            InputError: an unknown kind, or a number out of range.
        """
        if kind not in STRESS_KINDS:
            raise InputError(f"Stress '{kind}' is unknown; known are {', '.join(STRESS_KINDS)}.")
        check_stress(fraction, seed)
        self.mapper = mapper
        self.kind = kind
        self.fraction = fraction
        self.seed = seed
        self.channel_order = get_channel_order(image_format)

    def __call__(self, record: dict) -> dict:
        sample = self.mapper(record)
        if self.fraction == 0:
            hidden = np.zeros(len(sample["keypoints"]), bool)
            return {**sample, "hidden": hidden, "hidden_fraction": 0.0}
        hiding = self._plan(record, sample["width"], sample["height"])
        if hiding.box != record["bbox"]:
            sample = self.mapper({**record, "bbox": hiding.box})
        return {
            **sample,
            "image": self._paint(hiding, sample),
            "hidden": hiding.hides(record["keypoints"][:, :2]),
            "hidden_fraction": hiding.hidden_fraction,
        }

    def _plan(self, record: dict, width: int, height: int) -> Cover | Cut:
        number = list(STRESS_KINDS).index(self.kind)
        rng = np.random.default_rng((self.seed, number, record["annotation_id"]))
        shown = _inside(record["bbox"], width, height)
        return STRESS_KINDS[self.kind](record["bbox"], shown, self.fraction, rng)

    def _paint(self, hiding: Cover | Cut, sample: dict) -> torch.Tensor:
        matrix = np.vstack((sample["crop_to_image"], (0, 0, 1)))
        bgr = np.empty((*sample["image"].shape[1:], 3), np.uint8)
        bgr[..., self.channel_order] = sample["image"].permute(1, 2, 0).numpy()
        painted = hiding.paint(bgr, np.linalg.inv(matrix)[:2])
        return image_to_tensor(painted, self.channel_order)


def _inside(box: tuple, width: int, height: int) -> tuple[float, float, float, float]:
    """Return the part of a box inside the image; the box itself where it lies outside."""
    x1, y1, x2, y2 = box
    part = (max(x1, 0.0), max(y1, 0.0), min(x2, float(width)), min(y2, float(height)))
    return part if part[0] < part[2] and part[1] < part[3] else box
