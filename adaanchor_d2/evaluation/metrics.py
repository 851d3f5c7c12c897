"""The metrics: numpy arrays in, numbers out, arguments never changed. Import them from here."""

from .calibration import auroc, expected_calibration_error, precision_recall, reliability
from .face_errors import area_under_ced, failure_rate
from .localization import nme, pckh, visibility_errors
from .oks import keypoint_similarity, oks, similarity_radius
from .recall import keypoint_recall

__all__ = [
    "area_under_ced",
    "auroc",
    "expected_calibration_error",
    "failure_rate",
    "keypoint_recall",
    "keypoint_similarity",
    "nme",
    "oks",
    "pckh",
    "precision_recall",
    "reliability",
    "similarity_radius",
    "visibility_errors",
]
