"""Data sets, person crops and loaders. Importing this registers the built-in data sets."""

from . import builtin_skeletons  # noqa: F401  (registers coco, crowdpose, mpii, wflw)
from .build import MAPPER_REGISTRY, build_mapper, build_test_loader, build_train_loader
from .datasets.builtin import register_builtin_datasets
from .datasets.register import register_coco_keypoints
from .person_mapper import PersonCropMapper
from .skeletons import Skeleton, get_skeleton, register_skeleton
from .whole_image_mapper import WholeImageMapper

__all__ = [
    "MAPPER_REGISTRY",
    "PersonCropMapper",
    "Skeleton",
    "WholeImageMapper",
    "build_mapper",
    "build_test_loader",
    "build_train_loader",
    "get_skeleton",
    "register_coco_keypoints",
    "register_skeleton",
]

register_builtin_datasets()
