from .boxes import Boxes, BoxMode
from .image_list import ImageList
from .instances import Instances
from .keypoints import Keypoints

__all__ = ["BoxMode", "Boxes", "ImageList", "Instances", "Keypoints"]
