"""Data loaders for training and testing."""

import logging
import operator
from collections.abc import Callable

import torch
from torch.utils import data

from detectron2.config import configurable
from detectron2.utils.comm import get_world_size
from detectron2.utils.env import seed_all_rng
from detectron2.utils.registry import only_in_detectron2

from .common import AspectRatioGroupedDataset, DatasetFromList, MapDataset, ToIterableDataset
from .records import get_detection_dataset_dicts
from .samplers import InferenceSampler, TrainingSampler

__all__ = [
    "build_batch_data_loader",
    "build_detection_test_loader",
    "build_detection_train_loader",
    "get_detection_dataset_dicts",
    "trivial_batch_collator",
    "worker_init_reset_seed",
]

_SAMPLERS_OF_DETECTRON2 = (
    "RandomSubsetTrainingSampler",
    "RepeatFactorTrainingSampler",
    "WeightedCategoryTrainingSampler",
    "WeightedTrainingSampler",
)


def trivial_batch_collator(batch: list) -> list:
    """Return the batch as the list that it is."""
    return batch


def worker_init_reset_seed(worker_id: int) -> None:
    """Seed all generators of a data-loader worker, differently for each worker and epoch."""
    seed_all_rng(torch.initial_seed() % 2**31 + worker_id)


def build_batch_data_loader(
    dataset,
    sampler,
    total_batch_size: int | None,
    *,
    aspect_ratio_grouping: bool = False,
    num_workers: int = 0,
    collate_fn: Callable | None = None,
    drop_last: bool = True,
    single_gpu_batch_size: int | None = None,
    prefetch_factor: int = 2,
    persistent_workers: bool = False,
    pin_memory: bool = False,
    seed: int | None = None,
    **kwargs,
):
    """Return an iterable of batches (lists of elements).

    Args:
        dataset: map-style, or iterable.
        sampler: for a map-style data set; None for an iterable one.
        total_batch_size: samples per batch over all processes.
        aspect_ratio_grouping: whether a batch holds either wide or upright images only.
        num_workers: data-loading processes.
        collate_fn: list of elements -> batch; by default the list itself.
        drop_last: whether an incomplete last batch is dropped.
        single_gpu_batch_size: samples per batch of this process; instead of ``total_batch_size``.
        prefetch_factor: batches that each data-loading process prepares in advance.
        persistent_workers: whether data-loading processes outlive the iterator.
        pin_memory: whether tensors are put in page-locked memory.
        seed: seed of the data-loading processes; None derives it from torch's generator.
        kwargs: further arguments of ``torch.utils.data.DataLoader``.
    """
    batch_size = _own_batch_size(total_batch_size, single_gpu_batch_size)
    logging.getLogger(__name__).info(f"Each batch of this process has {batch_size} samples")
    if isinstance(dataset, data.IterableDataset):
        assert sampler is None, "An iterable data set takes no sampler."
    else:
        dataset = ToIterableDataset(dataset, sampler, shard_chunk_size=batch_size)
    arguments = {
        "num_workers": num_workers,
        "worker_init_fn": worker_init_reset_seed,
        "prefetch_factor": prefetch_factor if num_workers > 0 else None,
        "persistent_workers": persistent_workers,
        "pin_memory": pin_memory,
        "generator": None if seed is None else torch.Generator().manual_seed(seed),
        **kwargs,
    }
    if not aspect_ratio_grouping:
        collate_fn = collate_fn or trivial_batch_collator
        return data.DataLoader(
            dataset, batch_size=batch_size, drop_last=drop_last, collate_fn=collate_fn, **arguments
        )
    assert drop_last, "With aspect_ratio_grouping, drop_last must be True."
    singles = data.DataLoader(dataset, collate_fn=operator.itemgetter(0), **arguments)
    grouped = AspectRatioGroupedDataset(singles, batch_size)
    return grouped if collate_fn is None else MapDataset(grouped, collate_fn)


def _own_batch_size(total_batch_size: int | None, single_gpu_batch_size: int | None) -> int:
    if single_gpu_batch_size:
        if total_batch_size:
            raise ValueError("Give either total_batch_size or single_gpu_batch_size, not both.")
        return single_gpu_batch_size
    world_size = get_world_size()
    assert total_batch_size > 0 and total_batch_size % world_size == 0, (
        f"A batch of {total_batch_size} cannot be shared equally by {world_size} processes."
    )
    return total_batch_size // world_size


def _train_loader_from_config(cfg, mapper=None, *, dataset=None, sampler=None) -> dict:
    if mapper is None:
        raise only_in_detectron2("The default DatasetMapper")
    if dataset is None:
        min_keypoints = cfg.MODEL.ROI_KEYPOINT_HEAD.MIN_KEYPOINTS_PER_IMAGE
        dataset = get_detection_dataset_dicts(
            cfg.DATASETS.TRAIN,
            filter_empty=cfg.DATALOADER.FILTER_EMPTY_ANNOTATIONS,
            min_keypoints=min_keypoints if cfg.MODEL.KEYPOINT_ON else 0,
            proposal_files=cfg.DATASETS.PROPOSAL_FILES_TRAIN if cfg.MODEL.LOAD_PROPOSALS else None,
        )
    if sampler is None and not isinstance(dataset, data.IterableDataset):
        sampler = _build_training_sampler(cfg, len(dataset))
    return {
        "dataset": dataset,
        "sampler": sampler,
        "mapper": mapper,
        "total_batch_size": cfg.SOLVER.IMS_PER_BATCH,
        "aspect_ratio_grouping": cfg.DATALOADER.ASPECT_RATIO_GROUPING,
        "num_workers": cfg.DATALOADER.NUM_WORKERS,
    }


def _build_training_sampler(cfg, size: int) -> TrainingSampler:
    name = cfg.DATALOADER.SAMPLER_TRAIN
    if name in _SAMPLERS_OF_DETECTRON2:
        raise only_in_detectron2(f"The sampler {name}")
    if name != "TrainingSampler":
        raise ValueError(f"DATALOADER.SAMPLER_TRAIN is '{name}', which is no known sampler.")
    logging.getLogger(__name__).info(f"Using training sampler {name}")
    return TrainingSampler(size, seed=cfg.SEED)


@configurable(from_config=_train_loader_from_config)
def build_detection_train_loader(
    dataset,
    *,
    mapper: Callable | None,
    sampler: data.Sampler | None = None,
    total_batch_size: int | None,
    aspect_ratio_grouping: bool = True,
    num_workers: int = 0,
    collate_fn: Callable | None = None,
    **kwargs,
):
    """Return an endless iterable of training batches; also called as (cfg, mapper=...).

    Args:
        dataset: list of records, or a map-style or iterable data set.
        mapper: record -> sample; None applies nothing.
        sampler: for a list or a map-style data set; by default a :class:`TrainingSampler`.
        total_batch_size: samples per batch over all processes.
        aspect_ratio_grouping: whether a batch holds either wide or upright images only; samples
            then need "width" and "height".
        num_workers: data-loading processes.
        collate_fn: list of samples -> batch; by default the list itself.
        kwargs: as :func:`build_batch_data_loader` takes them.
    """
    dataset = _as_mapped_dataset(dataset, mapper)
    if sampler is None and not isinstance(dataset, data.IterableDataset):
        sampler = TrainingSampler(len(dataset))
    return build_batch_data_loader(
        dataset,
        sampler,
        total_batch_size,
        aspect_ratio_grouping=aspect_ratio_grouping,
        num_workers=num_workers,
        collate_fn=collate_fn,
        **kwargs,
    )


def _as_mapped_dataset(dataset, mapper: Callable | None) -> data.Dataset:
    if isinstance(dataset, list):
        dataset = DatasetFromList(dataset, copy=False)
    return dataset if mapper is None else MapDataset(dataset, mapper)


def _test_loader_from_config(cfg, dataset_name, mapper=None) -> dict:
    if mapper is None:
        raise only_in_detectron2("The default DatasetMapper")
    dataset = get_detection_dataset_dicts(
        dataset_name,
        filter_empty=False,
        proposal_files=cfg.DATASETS.PROPOSAL_FILES_TEST if cfg.MODEL.LOAD_PROPOSALS else None,
    )
    return {"dataset": dataset, "mapper": mapper, "num_workers": cfg.DATALOADER.NUM_WORKERS}


@configurable(from_config=_test_loader_from_config)
def build_detection_test_loader(
    dataset,
    *,
    mapper: Callable | None,
    sampler: data.Sampler | None = None,
    batch_size: int = 1,
    num_workers: int = 0,
    collate_fn: Callable | None = None,
) -> data.DataLoader:
    """Return a loader that gives every sample once; also called as (cfg, name, mapper=...).

    Args:
        dataset: list of records, or a map-style or iterable data set.
        mapper: record -> sample; None applies nothing.
        sampler: for a list or a map-style data set; by default an :class:`InferenceSampler`.
        batch_size: samples per batch of this process.
        num_workers: data-loading processes.
        collate_fn: list of samples -> batch; by default the list itself.
    """
    dataset = _as_mapped_dataset(dataset, mapper)
    if isinstance(dataset, data.IterableDataset):
        assert sampler is None, "An iterable data set takes no sampler."
    elif sampler is None:
        sampler = InferenceSampler(len(dataset))
    return data.DataLoader(
        dataset,
        batch_size=batch_size,
        sampler=sampler,
        drop_last=False,
        num_workers=num_workers,
        collate_fn=collate_fn or trivial_batch_collator,
    )
