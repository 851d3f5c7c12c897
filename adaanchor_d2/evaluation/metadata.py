"""What evaluators need from a data set's metadata, checked."""

from collections.abc import Sequence

import numpy as np
from detectron2.data import MetadataCatalog

from ..errors import InputError


def read_metadata(dataset_name: str, key: str):
    """Return the metadata's value, or say that it is missing or empty."""
    value = getattr(MetadataCatalog.get(dataset_name), key, None)
    if not value:
        raise InputError(f"The metadata of the data set {dataset_name} has no {key}.")
    return value


def find_annotation_files(dataset_name: str) -> list[str]:
    """Return the files that a data set in COCO's format is read from: ``annotation_files``, which
    our registration notes, or the one ``json_file`` that Detectron2's notes.
    """
    files = getattr(MetadataCatalog.get(dataset_name), "annotation_files", None)
    return list(files) if files else [read_metadata(dataset_name, "json_file")]


def choose_sigmas(override: Sequence[float], skeleton) -> np.ndarray:
    """(K,) OKS sigmas: TEST.KEYPOINT_OKS_SIGMAS when given, else the skeleton's."""
    source, sigmas = (
        ("TEST.KEYPOINT_OKS_SIGMAS", override)
        if len(override)
        else (f"The skeleton {skeleton.name}", skeleton.sigmas)
    )
    sigmas = np.asarray(sigmas, dtype=np.float64)
    if len(sigmas) != len(skeleton.names) or not (sigmas > 0).all():
        raise InputError(
            f"{source} has {len(sigmas)} sigmas, but the skeleton's {len(skeleton.names)} "
            f"keypoints need one positive sigma each."
        )
    return sigmas
