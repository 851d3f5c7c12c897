"""What published files in COCO's format hold beyond what is needed to read them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CocoRules:
    """What a check expects of the files of one benchmark. The reader does without.

    Attributes:
        image_keys: fields of each image that the benchmark's evaluation needs.
        num_counted: ``num_keypoints`` counts only so many keypoint types, the first ones; None:
            all.
    """

    image_keys: tuple[str, ...] = ()
    num_counted: int | None = None


COCO_RULES = CocoRules()
