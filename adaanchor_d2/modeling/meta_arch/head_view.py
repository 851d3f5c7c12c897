"""What a model's head sees and finds in one sample, for pictures of anchors."""

from dataclasses import dataclass

from torch import Tensor

from ..anchors import KeypointTargets
from ..decoders import LocatedKeypoints


@dataclass
class HeadView:
    """One sample through a model's head; K types that the head locates, M results of a type.

    Attributes:
        maps: the head's, of a batch of one.
        targets: what the head is to locate; its targets where it was trained on the sample.
        located: what it locates, on any device.
        input_size: (height, width) of the network's input, padding included.
        poses: (M, J, 2), for each located centre the J keypoints of its pose, input pixels; None
            where the head locates the keypoints themselves.
    """

    maps: object
    targets: KeypointTargets
    located: LocatedKeypoints
    input_size: tuple[int, int]
    poses: Tensor | None = None
