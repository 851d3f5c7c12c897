from .boxes import Boxes, BoxMode
from .image_list import ImageList
from .instances import Instances
from .keypoints import Keypoints
