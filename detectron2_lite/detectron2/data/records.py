"""Records of registered data sets."""

import itertools
import logging

from .catalog import DatasetCatalog


def get_detection_dataset_dicts(
    names: str | list[str], filter_empty: bool = True, min_keypoints: int = 0
) -> list[dict]:
    """Return the joined records of registered data sets.

    Args:
        names: names in the DatasetCatalog.
        filter_empty: whether to leave out images without annotations other than crowds.
        min_keypoints: images with fewer labelled keypoints are left out.
    """
    names = [names] if isinstance(names, str) else list(names)
    assert names, "No dataset names."
    records = list(itertools.chain.from_iterable(DatasetCatalog.get(name) for name in names))
    kept = records
    if records and "annotations" in records[0]:
        kept = [r for r in kept if _has_instance(r) or not filter_empty]
        kept = [r for r in kept if _count_labelled(r) >= min_keypoints]
        logging.getLogger(__name__).info(
            f"{len(kept)} of {len(records)} images have enough annotations to be used."
        )
    assert kept, f"No usable record is in {', '.join(names)}."
    return kept


def _has_instance(record: dict) -> bool:
    return any(not annotation.get("iscrowd", 0) for annotation in record["annotations"])


def _count_labelled(record: dict) -> int:
    keypoint_lists = (annotation.get("keypoints", ()) for annotation in record["annotations"])
    return sum(v > 0 for keypoints in keypoint_lists for v in keypoints[2::3])
