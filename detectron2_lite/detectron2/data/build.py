"""Data loaders for training and testing."""

import logging
from collections.abc import Callable

import torch
from torch.utils import data

from detectron2.config import configurable
from detectron2.utils.comm import get_world_size
from detectron2.utils.env import seed_all_rng
from detectron2.utils.registry import only_in_detectron2

from .common import AspectRatioGroupedDataset, MapDataset, SerializedList
from .records import get_detection_dataset_dicts
from .samplers import InferenceSampler, TrainingSampler

_SAMPLERS_OF_DETECTRON2 = (
    "RandomSubsetTrainingSampler RepeatFactorTrainingSampler WeightedCategoryTrainingSampler "
    "WeightedTrainingSampler"
).split()


def _itself(element):
    return element


def _seed_worker(worker_id: int) -> None:
    """Seed all generators of a data-loader worker, differently for each worker and epoch."""
    seed_all_rng(torch.initial_seed() % 2**31 + worker_id)


def _as_mapped_dataset(dataset, mapper: Callable | None):
    if isinstance(dataset, list):
        dataset = SerializedList(dataset)
    return dataset if mapper is None else MapDataset(dataset, mapper)


def _refuse_lacking(cfg, mapper: Callable | None) -> None:
    if mapper is None:
        raise only_in_detectron2("The default DatasetMapper")
    if cfg.MODEL.LOAD_PROPOSALS:
        raise only_in_detectron2("Reading of proposal files (MODEL.LOAD_PROPOSALS)")


def _train_loader_from_config(cfg, mapper=None, *, dataset=None, sampler=None) -> dict:
    _refuse_lacking(cfg, mapper)
    if dataset is None:
        min_keypoints = cfg.MODEL.ROI_KEYPOINT_HEAD.MIN_KEYPOINTS_PER_IMAGE
        dataset = get_detection_dataset_dicts(
            cfg.DATASETS.TRAIN,
            filter_empty=cfg.DATALOADER.FILTER_EMPTY_ANNOTATIONS,
            min_keypoints=min_keypoints if cfg.MODEL.KEYPOINT_ON else 0,
        )
    return {
        "dataset": dataset,
        "sampler": _build_training_sampler(cfg, len(dataset)) if sampler is None else sampler,
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
    return TrainingSampler(size, seed=cfg.SEED)


@configurable(from_config=_train_loader_from_config)
def build_detection_train_loader(
    dataset,
    *,
    mapper: Callable | None,
    sampler: data.Sampler | None = None,
    total_batch_size: int,
    aspect_ratio_grouping: bool = True,
    num_workers: int = 0,
    collate_fn: Callable | None = None,
    **kwargs,
):
    """Return an endless iterable of training batches; also called as (cfg, mapper=...).

    The batches are the same for any number of workers, unless ``aspect_ratio_grouping``.

    Args:
        dataset: list of records, or a map-style data set.
        mapper: record -> sample; None applies nothing.
        sampler: endless indices for this process; by default a :class:`TrainingSampler`.
        total_batch_size: samples per batch over all processes.
        aspect_ratio_grouping: whether a batch holds either wide or upright images only; samples
            then need "width" and "height".
        num_workers: data-loading processes.
        collate_fn: list of samples -> batch; by default the list itself.
        kwargs: further arguments of ``torch.utils.data.DataLoader``.
    """
    world_size = get_world_size()
    assert total_batch_size > 0 and total_batch_size % world_size == 0, (
        f"A batch of {total_batch_size} cannot be shared equally by {world_size} processes."
    )
    batch_size = total_batch_size // world_size
    logging.getLogger(__name__).info(f"Each batch of this process has {batch_size} samples")
    dataset = _as_mapped_dataset(dataset, mapper)
    collate_fn = collate_fn or _itself
    arguments = {
        "sampler": TrainingSampler(len(dataset)) if sampler is None else sampler,
        "num_workers": num_workers,
        "worker_init_fn": _seed_worker,
        **kwargs,
    }
    if aspect_ratio_grouping:
        samples = data.DataLoader(dataset, batch_size=None, collate_fn=_itself, **arguments)
        return AspectRatioGroupedDataset(samples, batch_size, collate_fn)
    return data.DataLoader(
        dataset, batch_size=batch_size, drop_last=True, collate_fn=collate_fn, **arguments
    )


def _test_loader_from_config(cfg, dataset_name, mapper=None) -> dict:
    _refuse_lacking(cfg, mapper)
    return {
        "dataset": get_detection_dataset_dicts(dataset_name, filter_empty=False),
        "mapper": mapper,
        "num_workers": cfg.DATALOADER.NUM_WORKERS,
    }


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
        dataset: list of records, or a map-style data set.
        mapper: record -> sample; None applies nothing.
        sampler: indices for this process; by default an :class:`InferenceSampler`.
        batch_size: samples per batch of this process.
        num_workers: data-loading processes.
        collate_fn: list of samples -> batch; by default the list itself.
    """
    dataset = _as_mapped_dataset(dataset, mapper)
    return data.DataLoader(
        dataset,
        batch_size=batch_size,
        sampler=InferenceSampler(len(dataset)) if sampler is None else sampler,
        num_workers=num_workers,
        collate_fn=collate_fn or _itself,
    )
