"""Backbones and what turns their features into the map that a head reads."""

from .build import build_checked_backbone, check_crop_size, size_divisor
from .fusion import ConcatFeatures, MixFeatures
from .neck import NECK_REGISTRY, DeconvNeck, SelectFeature, build_neck
from .timm_backbone import TimmBackbone, build_timm_backbone
from .weight_file import read_weight_file

__all__ = [
    "ConcatFeatures",
    "DeconvNeck",
    "MixFeatures",
    "NECK_REGISTRY",
    "SelectFeature",
    "TimmBackbone",
    "build_checked_backbone",
    "build_neck",
    "build_timm_backbone",
    "check_crop_size",
    "read_weight_file",
    "size_divisor",
]
