"""Records of registered data sets."""

import itertools
import logging
from collections.abc import Callable

from torch.utils import data

from detectron2.utils.registry import only_in_detectron2

from .catalog import DatasetCatalog, MetadataCatalog

__all__ = ["get_detection_dataset_dicts"]


def get_detection_dataset_dicts(
    names: str | list[str],
    filter_empty: bool = True,
    min_keypoints: int = 0,
    proposal_files: list[str] | None = None,
    check_consistency: bool = True,
):
    """Return the joined records of registered data sets.

    Args:
        names: names in the DatasetCatalog.
        filter_empty: whether to leave out images without annotations other than crowds.
        min_keypoints: images with fewer labelled keypoints are left out.
        proposal_files: must be None.
        check_consistency: whether to check that the data sets have the same classes.

    Returns:
        A list of records; or, where the first catalog entry returns a torch data set, that (or
        their concatenation).
    """
    names = [names] if isinstance(names, str) else list(names)
    assert names, "No dataset names."
    if proposal_files is not None:
        raise only_in_detectron2("Training and testing with proposal files")
    parts = [DatasetCatalog.get(name) for name in names]
    if isinstance(parts[0], data.Dataset):
        return parts[0] if len(parts) == 1 else data.ConcatDataset(parts)
    for name, part in zip(names, parts, strict=True):
        assert len(part), f"Data set '{name}' has no records."
    records = list(itertools.chain.from_iterable(parts))
    if "annotations" in records[0]:
        if filter_empty:
            records = _keep(records, _has_instance, "no usable annotations")
        if min_keypoints > 0:
            enough = f"fewer than {min_keypoints} keypoints"
            records = _keep(records, lambda r: _count_labelled(r) >= min_keypoints, enough)
        if check_consistency:
            _check_classes(names)
    assert records, f"No usable record is in {', '.join(names)}."
    return records


def _keep(records: list[dict], condition: Callable[[dict], bool], reason: str) -> list[dict]:
    kept = [record for record in records if condition(record)]
    logging.getLogger(__name__).info(
        f"{len(records) - len(kept)} images with {reason} are left out, {len(kept)} remain."
    )
    return kept


def _has_instance(record: dict) -> bool:
    return any(not annotation.get("iscrowd", 0) for annotation in record["annotations"])


def _count_labelled(record: dict) -> int:
    keypoint_lists = (annotation.get("keypoints", ()) for annotation in record["annotations"])
    return sum(v > 0 for keypoints in keypoint_lists for v in keypoints[2::3])


def _check_classes(names: list[str]) -> None:
    classes = MetadataCatalog.get(names[0]).get("thing_classes")
    for name in names[1:]:
        if MetadataCatalog.get(name).get("thing_classes") != classes:
            raise ValueError(f"Datasets '{names[0]}' and '{name}' have different 'thing_classes'!")
