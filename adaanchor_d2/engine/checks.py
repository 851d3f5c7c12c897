"""Checks of a config before any work is done: one sentence for what would fail later."""

import logging
from collections.abc import Sequence

import torch
from detectron2.config import CfgNode
from detectron2.data import MetadataCatalog
from detectron2.modeling import META_ARCH_REGISTRY

from ..data.build import check_num_keypoints, get_flip_indices, get_training_skeleton
from ..data.datasets.register import check_dataset_files
from ..data.person_records import check_person_boxes
from ..errors import InputError
from ..evaluation.main_figures import check_best_metric
from ..evaluation.person_evaluator import result_task
from ..modeling.heads.build import KEYPOINT_HEAD_REGISTRY, check_anchor_rule
from .expected_results import check_expectations
from .optimizer import check_optimizer_name

logger = logging.getLogger(__name__)

BUILTIN_MAPPERS = ("PersonCropMapper", "WholeImageMapper")
AMP_DTYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16}


def check_training(cfg: CfgNode, world_size: int = 1) -> None:
    """Raise InputError for settings that training in so many processes cannot work with."""
    check_settings(cfg, world_size)
    check_data(cfg, (*cfg.DATASETS.TRAIN, *cfg.DATASETS.TEST))
    check_best_figure(cfg)


def check_settings(cfg: CfgNode, world_size: int = 1) -> None:
    """The part of ``check_training`` that no data set need be there for."""
    check_model(cfg)
    check_solver(cfg, world_size)
    get_training_skeleton(cfg)
    for name in (*cfg.DATASETS.TRAIN, *cfg.DATASETS.TEST):
        check_num_keypoints(cfg, name)


def check_evaluation(cfg: CfgNode) -> None:
    """Raise InputError for settings that evaluation cannot work with."""
    check_model(cfg)
    if not cfg.DATASETS.TEST:
        raise InputError("DATASETS.TEST is empty: name a data set to evaluate on.")
    check_data(cfg, cfg.DATASETS.TEST)


def check_prediction(cfg: CfgNode) -> None:
    """Raise InputError for settings that prediction without a data set cannot work with."""
    check_model(cfg)
    has_tagger = getattr(META_ARCH_REGISTRY.get(cfg.MODEL.META_ARCHITECTURE), "has_tagger", False)
    if has_tagger and cfg.MODEL.TAG.SOURCE == "oracle":
        raise InputError(
            "MODEL.TAG.SOURCE oracle groups keypoints by the ground truth, which a given image "
            "does not have: use joint or frozen."
        )
    if cfg.TEST.FLIP and not cfg.DATASETS.TEST:
        raise InputError(
            "TEST.FLIP needs the skeleton of a data set of DATASETS.TEST, which is empty."
        )


def check_data(cfg: CfgNode, names: Sequence[str]) -> None:
    """Check that the data sets of these names are there and go with the model and the evaluation.

    Their files are not read.
    """
    check_person_boxes(cfg.INPUT.PERSON_BOXES)
    for name in names:
        check_num_keypoints(cfg, name)
        check_dataset_files(name)
    if cfg.INPUT.MAPPER == "WholeImageMapper":
        for name in set(names) & set(cfg.DATASETS.TEST):
            _check_whole_images(name)
    if cfg.TEST.FLIP and cfg.DATASETS.TEST:
        get_flip_indices(cfg)
    check_expectations(cfg)


def _check_whole_images(name: str) -> None:
    """Check that a data set's evaluation takes all people of an image at once."""
    evaluator_type = MetadataCatalog.get(name).get("evaluator_type")
    if evaluator_type in ("mpii_keypoints", "wflw_landmarks"):
        raise InputError(
            f"DATASETS.TEST names '{name}', which is evaluated person by person: it does not go "
            "with INPUT.MAPPER WholeImageMapper."
        )


def check_best_figure(cfg: CfgNode) -> None:
    """Check that the evaluation gives SOLVER.BEST_METRIC, where that is known before it."""
    task, _, metric = cfg.SOLVER.BEST_METRIC.partition("/")
    evaluated_task = result_task(cfg.INPUT.PERSON_BOXES)
    crops_people = cfg.INPUT.MAPPER == "PersonCropMapper"  # whole images have no such boxes
    if crops_people and task == "keypoints" != evaluated_task:
        raise InputError(
            f"SOLVER.BEST_METRIC {cfg.SOLVER.BEST_METRIC} does not exist with INPUT.PERSON_BOXES "
            f"{cfg.INPUT.PERSON_BOXES}: set it to {evaluated_task}/{metric}."
        )
    if len(cfg.DATASETS.TEST) == 1:  # figures of several have the data set's name before them
        evaluator_type = MetadataCatalog.get(cfg.DATASETS.TEST[0]).get("evaluator_type")
        check_best_metric(evaluator_type, cfg.SOLVER.BEST_METRIC, cfg.SOLVER.BEST_METRIC_MODE)


def warn_of_fixed_anchors(cfg: CfgNode) -> None:
    """Warn where adaptive anchors never begin."""
    if cfg.MODEL.KEYPOINT_HEAD.FIXED_ITERS >= cfg.SOLVER.MAX_ITER:
        logger.warning(
            "MODEL.KEYPOINT_HEAD.FIXED_ITERS %d is not below SOLVER.MAX_ITER %d: anchors stay "
            "fixed in the whole training.",
            cfg.MODEL.KEYPOINT_HEAD.FIXED_ITERS,
            cfg.SOLVER.MAX_ITER,
        )


def check_device(name: str, num_processes: int = 1) -> None:
    """Check ``MODEL.DEVICE`` for so many processes on this machine, each with its own GPU."""
    try:
        device = torch.device(name)
    except RuntimeError:
        raise InputError(f"MODEL.DEVICE {name!r} is no device: use cuda or cpu.") from None
    if device.type != "cuda":
        return
    if not torch.cuda.is_available():
        raise InputError(
            f"MODEL.DEVICE is {name}, but no usable GPU was found: add 'MODEL.DEVICE cpu' to the "
            "command to run on the CPU."
        )
    if device.index is not None and num_processes > 1:
        raise InputError(
            f"MODEL.DEVICE {name} is one GPU, but {num_processes} processes need one each: set it "
            "to cuda and choose GPUs by the environment variable CUDA_VISIBLE_DEVICES."
        )
    num_needed = max(num_processes, (device.index or 0) + 1)
    if num_needed > torch.cuda.device_count():
        raise InputError(
            f"MODEL.DEVICE {name} with {num_processes} process(es) needs {num_needed} GPUs, "
            f"but this machine has {torch.cuda.device_count()}."
        )


def check_model(cfg: CfgNode) -> None:
    """Check the device, the names of meta-architecture and anchor rule, and the input."""
    check_device(cfg.MODEL.DEVICE)
    name = cfg.MODEL.META_ARCHITECTURE
    if name not in META_ARCH_REGISTRY:
        known = ", ".join(sorted(known for known, _ in META_ARCH_REGISTRY))
        raise InputError(f"MODEL.META_ARCHITECTURE {name!r} is unknown; known are {known}.")
    mapper = getattr(META_ARCH_REGISTRY.get(name), "mapper", cfg.INPUT.MAPPER)
    if cfg.INPUT.MAPPER in BUILTIN_MAPPERS and cfg.INPUT.MAPPER != mapper:
        raise InputError(
            f"MODEL.META_ARCHITECTURE {name} needs INPUT.MAPPER {mapper}, not {cfg.INPUT.MAPPER}."
        )
    check_anchor_rule(cfg)
    for key in ("PIXEL_MEAN", "PIXEL_STD"):
        if len(cfg.MODEL[key]) != 3:
            raise InputError(f"MODEL.{key} has {len(cfg.MODEL[key])} values, but images have 3.")
    if min(cfg.MODEL.PIXEL_STD) <= 0:
        raise InputError(f"MODEL.PIXEL_STD {list(cfg.MODEL.PIXEL_STD)} must be above 0.")
    if not 0 <= cfg.INPUT.SCALE_FACTOR < 1:
        raise InputError(f"INPUT.SCALE_FACTOR {cfg.INPUT.SCALE_FACTOR} must be in [0, 1).")
    size = cfg.INPUT.CROP_SIZE
    if len(size) != 2 or not all(isinstance(side, int) and side > 0 for side in size):
        raise InputError(
            f"INPUT.CROP_SIZE {tuple(size)} must be two whole numbers above 0, (height, width)."
        )
    if cfg.TEST.BATCH_SIZE < 1:
        raise InputError(f"TEST.BATCH_SIZE is {cfg.TEST.BATCH_SIZE}, but must be at least 1.")


def check_solver(cfg: CfgNode, world_size: int) -> None:
    """Check the sections SOLVER and TEST for so many processes."""
    solver = cfg.SOLVER
    check_optimizer_name(solver.OPTIMIZER)
    for key in ("MAX_ITER", "CHECKPOINT_PERIOD", "ACCUMULATE_STEPS", "IMS_PER_BATCH"):
        if solver[key] < 1:
            raise InputError(f"SOLVER.{key} is {solver[key]}, but must be at least 1.")
    for section, key in (("SOLVER", "WARMUP_ITERS"), ("TEST", "EVAL_PERIOD")):
        if cfg[section][key] < 0:
            raise InputError(
                f"{section}.{key} is {cfg[section][key]}, but must be 0 (off) or more."
            )
    num_shares = world_size * solver.ACCUMULATE_STEPS
    if solver.IMS_PER_BATCH % num_shares:
        raise InputError(
            f"SOLVER.IMS_PER_BATCH {solver.IMS_PER_BATCH} does not divide by {num_shares}, the "
            f"number of processes ({world_size}) x SOLVER.ACCUMULATE_STEPS "
            f"({solver.ACCUMULATE_STEPS})."
        )
    if cfg.DATALOADER.NUM_WORKERS < 0:
        raise InputError(f"DATALOADER.NUM_WORKERS is {cfg.DATALOADER.NUM_WORKERS}, below 0.")
    if solver.BASE_LR < 0:
        raise InputError(f"SOLVER.BASE_LR is {solver.BASE_LR}, but must not be negative.")
    if solver.BEST_METRIC_MODE not in ("max", "min"):
        raise InputError(
            f"SOLVER.BEST_METRIC_MODE is {solver.BEST_METRIC_MODE!r}, but must be max or min."
        )
    if solver.EMA.ENABLED and not 0 <= solver.EMA.DECAY < 1:
        raise InputError(f"SOLVER.EMA.DECAY is {solver.EMA.DECAY}, but must be in [0, 1).")
    if cfg.TEST.PRECISE_BN.ENABLED:
        raise InputError("TEST.PRECISE_BN.ENABLED is not supported by this trainer: set it False.")
    amp_dtype(cfg)


def amp_dtype(cfg: CfgNode) -> torch.dtype | None:
    """Return the precision of mixed-precision training, None without."""
    if not cfg.SOLVER.AMP.ENABLED:
        return None
    name = cfg.SOLVER.AMP.DTYPE
    if name not in AMP_DTYPES:
        raise InputError(
            f"SOLVER.AMP.DTYPE {name!r} is unknown; known are {', '.join(AMP_DTYPES)}."
        )
    if name == "float16" and torch.device(cfg.MODEL.DEVICE).type != "cuda":
        raise InputError(
            "SOLVER.AMP.DTYPE float16 needs a GPU (MODEL.DEVICE cuda); bfloat16 also runs on the "
            "CPU."
        )
    return AMP_DTYPES[name]


def check_confidence(rule: str, source: str) -> None:
    """Raise InputError for an anchor rule without a confidence; ``source`` says whose it is."""
    if rule in KEYPOINT_HEAD_REGISTRY and not KEYPOINT_HEAD_REGISTRY.get(rule).has_confidence:
        raise InputError(f"{source}: {rule} has no confidence, so no threshold changes anything.")
