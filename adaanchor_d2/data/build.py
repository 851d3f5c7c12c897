"""Loaders: data set -> records of the mapper's kind -> mapped samples in batches."""

import logging
from collections.abc import Sequence
from functools import partial
from itertools import chain

from detectron2.data import (
    DatasetCatalog,
    MetadataCatalog,
    build_detection_test_loader,
    build_detection_train_loader,
)
from detectron2.utils import comm
from detectron2.utils.registry import Registry

from ..errors import InputError
from .samplers import ImageGroupedSampler
from .seeded_loader import SeededLoader
from .skeletons import Skeleton

logger = logging.getLogger(__name__)

MAPPER_REGISTRY = Registry("MAPPER")
MAPPER_REGISTRY.__doc__ = """
What makes a model's samples from a data set, chosen by ``INPUT.MAPPER``. Called as
``mapper = Mapper(cfg, is_train)``; offers ``mapper.records(image_records, dataset_name) -> list``,
one record per sample, each with a ``file_name``, and ``mapper(record) -> dict``, the sample. For
images without a data set (``Predictor``), ``mapper.records_of_image(image, boxes, box_scores)``.
"""


def build_mapper(cfg, is_train: bool):
    """Build the mapper that ``INPUT.MAPPER`` names."""
    name = cfg.INPUT.MAPPER
    if name not in MAPPER_REGISTRY:
        known = ", ".join(sorted(known for known, _ in MAPPER_REGISTRY))
        raise InputError(f"INPUT.MAPPER '{name}' is unknown; known are {known}.")
    return MAPPER_REGISTRY.get(name)(cfg, is_train)


def build_train_loader(cfg) -> SeededLoader:
    """Return an endless loader of lists of training samples for this process.

    A list is one micro-batch: SOLVER.IMS_PER_BATCH samples divided by SOLVER.ACCUMULATE_STEPS and
    by the number of processes. Order and augmentation follow from SEED; a negative one differs in
    every run.
    """
    if cfg.DATALOADER.SAMPLER_TRAIN not in ("TrainingSampler", "ImageGroupedSampler"):
        raise InputError(
            f"DATALOADER.SAMPLER_TRAIN is '{cfg.DATALOADER.SAMPLER_TRAIN}', but must be "
            "TrainingSampler or ImageGroupedSampler."
        )
    _micro_batch_size(cfg)
    mapper = build_mapper(cfg, is_train=True)
    records = list(
        chain.from_iterable(_get_records(cfg, name, mapper) for name in cfg.DATASETS.TRAIN)
    )
    seed = cfg.SEED if cfg.SEED >= 0 else comm.shared_random_seed()
    return SeededLoader(partial(_make_train_loader, cfg, records), seed)


def _make_train_loader(cfg, records: list[dict], seed: int):
    cfg = cfg.clone()
    cfg.defrost()
    cfg.SEED = seed  # read by the mapper and by Detectron2's sampler
    sampler = None
    if cfg.DATALOADER.SAMPLER_TRAIN == "ImageGroupedSampler":
        sampler = ImageGroupedSampler([record["file_name"] for record in records], seed=seed)
    return build_detection_train_loader(
        cfg,
        dataset=records,
        mapper=build_mapper(cfg, is_train=True),
        sampler=sampler,
        total_batch_size=_micro_batch_size(cfg),
    )


def build_test_loader(cfg, dataset_name: str):
    """Return a loader of lists of at most TEST.BATCH_SIZE samples, this process's share."""
    mapper = build_mapper(cfg, is_train=False)
    records = _get_records(cfg, dataset_name, mapper)
    if not records:
        raise InputError(f"Data set '{dataset_name}' has no sample to evaluate.")
    return build_detection_test_loader(
        dataset=records,
        mapper=mapper,
        batch_size=cfg.TEST.BATCH_SIZE,
        num_workers=cfg.DATALOADER.NUM_WORKERS,
    )


def get_training_skeleton(cfg) -> Skeleton:
    """Return the one skeleton that all data sets of DATASETS.TRAIN share.

    Raises:
        InputError: no or unknown data sets, or data sets of different skeletons.
    """
    if not cfg.DATASETS.TRAIN:
        raise InputError("DATASETS.TRAIN is empty: name a data set to train on.")
    return _shared_skeleton("DATASETS.TRAIN", cfg.DATASETS.TRAIN)


def get_predicted_skeleton(cfg) -> Skeleton:
    """Return the skeleton of what the model predicts: that of all data sets of DATASETS.TEST.

    Raises:
        InputError: no or unknown data sets, data sets of different skeletons, or one with another
            number of keypoints than the model.
    """
    if not cfg.DATASETS.TEST:
        raise InputError(
            "DATASETS.TEST is empty: name a data set whose skeleton the predicted keypoints have."
        )
    check_num_keypoints(cfg, cfg.DATASETS.TEST[0])
    return _shared_skeleton("DATASETS.TEST", cfg.DATASETS.TEST)


def _shared_skeleton(key: str, names: Sequence[str]) -> Skeleton:
    skeletons = {name: get_dataset_skeleton(name) for name in names}
    first = names[0]
    for name, skeleton in skeletons.items():
        if skeleton != skeletons[first]:
            raise InputError(
                f"{key} mixes skeletons: '{first}' has '{skeletons[first].name}', "
                f"'{name}' has '{skeleton.name}'."
            )
    return skeletons[first]


def get_flip_indices(cfg) -> tuple[int, ...]:
    """Return the mirror partners for TEST.FLIP, which all data sets of DATASETS.TEST share.

    Raises:
        InputError: unknown data sets, or data sets whose mirror partners differ.
    """
    skeletons = {name: get_dataset_skeleton(name) for name in cfg.DATASETS.TEST}
    first = cfg.DATASETS.TEST[0]
    for name, skeleton in skeletons.items():
        if skeleton.flip_indices != skeletons[first].flip_indices:
            raise InputError(
                f"TEST.FLIP needs one order of keypoints, but of DATASETS.TEST '{first}' has the "
                f"skeleton '{skeletons[first].name}' and '{name}' has '{skeleton.name}': evaluate "
                "them one by one."
            )
    return skeletons[first].flip_indices


def get_dataset_skeleton(dataset_name: str) -> Skeleton:
    """Return the skeleton of a registered data set.

    Raises:
        InputError: listing the known keypoint data sets when there is no such one.
    """
    skeleton = None
    if dataset_name in DatasetCatalog.list():
        skeleton = getattr(MetadataCatalog.get(dataset_name), "skeleton", None)
    if skeleton is None:
        known = [
            name for name in DatasetCatalog.list() if hasattr(MetadataCatalog.get(name), "skeleton")
        ]
        raise InputError(
            f"Keypoint data set '{dataset_name}' is unknown; known are {', '.join(known)} "
            "(your own: by $DETECTRON2_ENV_MODULE, see datasets/README.md)."
        )
    return skeleton


def get_flip_prob(cfg) -> float:
    """Return the probability of a mirror image: INPUT.FLIP_PROB, or 0 without INPUT.RANDOM_FLIP."""
    if cfg.INPUT.RANDOM_FLIP not in ("horizontal", "none"):
        raise InputError(
            f"INPUT.RANDOM_FLIP is '{cfg.INPUT.RANDOM_FLIP}', but must be horizontal or none."
        )
    return cfg.INPUT.FLIP_PROB if cfg.INPUT.RANDOM_FLIP == "horizontal" else 0.0


def check_num_keypoints(cfg, dataset_name: str) -> None:
    """Raise InputError unless the data set is known and has the model's number of keypoints."""
    skeleton = get_dataset_skeleton(dataset_name)
    num_keypoints = cfg.MODEL.KEYPOINT_HEAD.NUM_KEYPOINTS
    if num_keypoints != skeleton.num_keypoints:
        raise InputError(
            f"MODEL.KEYPOINT_HEAD.NUM_KEYPOINTS is {num_keypoints}, but data set '{dataset_name}' "
            f"has {skeleton.num_keypoints} keypoints (skeleton '{skeleton.name}')."
        )


def _get_records(cfg, dataset_name: str, mapper) -> list[dict]:
    check_num_keypoints(cfg, dataset_name)
    image_records = DatasetCatalog.get(dataset_name)
    records = mapper.records(image_records, dataset_name)
    logger.info(
        "%s: %d samples in %d of %d images",
        dataset_name,
        len(records),
        len({record["file_name"] for record in records}),
        len(image_records),
    )
    return records


def _micro_batch_size(cfg) -> int:
    """Samples of one micro-batch over all processes."""
    steps, processes = cfg.SOLVER.ACCUMULATE_STEPS, comm.get_world_size()
    if cfg.SOLVER.IMS_PER_BATCH % (steps * processes):
        raise InputError(
            f"SOLVER.IMS_PER_BATCH {cfg.SOLVER.IMS_PER_BATCH} does not divide by "
            f"SOLVER.ACCUMULATE_STEPS {steps} x {processes} processes."
        )
    return cfg.SOLVER.IMS_PER_BATCH // steps
