"""Random changes of a whole image, drawn as numbers; the mapper turns them into one affine map."""

import numpy as np

from ..errors import InputError
from .affine import CropRegion
from .augmentation import CropPlan


def whole_image_region(
    image_size: tuple[int, int], crop_size: tuple[int, int], fit: str = "shorter"
) -> CropRegion:
    """Return the part around the middle of the image that fills the crop.

    Args:
        image_size, crop_size: (H, W) in pixels.
        fit: "shorter": the image's shorter side fills the crop's shorter side; what is longer than
            the crop sticks out. "longer": the whole image lies in the crop and fills one side.
    """
    (image_height, image_width), (height, width) = image_size, crop_size
    factor = min(image_height, image_width) / min(height, width)
    if fit == "longer":
        factor = max(image_height / height, image_width / width)
    return CropRegion(image_width / 2, image_height / 2, width * factor, height * factor)


class WholeImageAugmentation:
    """Draws a :class:`CropPlan` for an image; all distributions are uniform."""

    def __init__(
        self,
        *,
        flip_prob: float,
        scale_range: tuple[float, float],
        rotation: float,
        translation: float,
    ) -> None:
        """
        Args:
            flip_prob: probability of the mirror image.
            scale_range: of the factor on the region; above 1 people become smaller.
            rotation: degrees, in either direction.
            translation: pixels of the crop, in either direction of x and y.
        """
        if len(scale_range) != 2 or not 0 < scale_range[0] <= scale_range[1]:
            raise InputError(
                f"INPUT.SCALE_RANGE is {tuple(scale_range)}, but must be (low, high) above 0."
            )
        if min(rotation, translation) < 0:
            raise InputError(
                f"INPUT.ROTATION_FACTOR {rotation} and INPUT.TRANSLATE {translation} must be 0 or "
                "more."
            )
        self.flip_prob = flip_prob
        self.scale_range = tuple(scale_range)
        self.rotation = rotation
        self.translation = translation

    def __call__(
        self, region: CropRegion, crop_size: tuple[int, int], rng: np.random.Generator
    ) -> CropPlan:
        """Draw a plan.

        Args:
            region: the part of the image that fills the crop without a change.
            crop_size: (H, W) in pixels.
        """
        region = region.scaled(float(rng.uniform(*self.scale_range)))
        pixel = region.width / crop_size[1]  # of the crop, in image pixels
        dx, dy = (pixel * rng.uniform(-self.translation, self.translation, 2)).tolist()
        region = region._replace(center_x=region.center_x + dx, center_y=region.center_y + dy)
        rotation = float(rng.uniform(-self.rotation, self.rotation))
        return CropPlan(region, rotation, bool(rng.random() < self.flip_prob))
