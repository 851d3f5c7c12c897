"""What ``train_net.py`` runs: set-up, training, evaluation, in one or several processes."""

import argparse
import logging
import os

import torch
from detectron2.config import CfgNode
from detectron2.engine import default_argument_parser, default_setup, launch
from detectron2.utils import comm
from detectron2.utils.logger import setup_logger

from ..errors import InputError
from .checkpointer import SafeCheckpointer, check_weight_path
from .checks import check_device, check_evaluation, check_training
from .config_file import load_config
from .expected_results import verify_results
from .trained_models import without_pretrained_backbone
from .trainer import Trainer

logger = logging.getLogger(__name__)


def parse_args() -> argparse.Namespace:
    """Return Detectron2's command-line flags."""
    return default_argument_parser().parse_args()


def run(args: argparse.Namespace, trainer_class: type[Trainer] = Trainer) -> None:
    """Start ``main`` in ``args.num_gpus`` processes on each of ``args.num_machines`` machines.

    With ``MODEL.DEVICE cpu``, ``--num-gpus N`` starts N processes that talk through gloo.
    ``--num-gpus 0`` is one process on ``MODEL.DEVICE``, as in Detectron2.
    Mistakes that need no file to be read are told before any process starts, and before the log
    begins with the environment and the whole config.
    """
    cfg = load_config(args.config_file, args.opts)
    if args.num_gpus < (0 if args.num_machines == 1 else 1):
        raise InputError(
            f"--num-gpus is {args.num_gpus}, but must be at least 1 on each of several machines, "
            "or 0 or more on one."
        )
    num_processes = max(1, args.num_gpus)
    world_size = num_processes * args.num_machines
    check_device(cfg.MODEL.DEVICE, num_processes)
    if args.eval_only:
        check_evaluation(cfg)
    else:
        check_training(trainer_class.auto_scale_workers(cfg, world_size), world_size)
    if not args.resume:
        check_weight_path(cfg.MODEL.WEIGHTS)
    if torch.device(cfg.MODEL.DEVICE).type == "cpu" and world_size > 1:
        # `launch` chooses nccl, which needs GPUs, wherever it sees one.
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
    launch(
        main,
        num_processes,
        num_machines=args.num_machines,
        machine_rank=args.machine_rank,
        dist_url=args.dist_url,
        args=(args, trainer_class),
    )


def main(args: argparse.Namespace, trainer_class: type[Trainer] = Trainer) -> dict | None:
    """Train, or with ``--eval-only`` evaluate; return the results on the main process."""
    cfg = setup(args)
    if args.resume and _has_checkpoint(cfg.OUTPUT_DIR):
        cfg = without_pretrained_backbone(cfg)
    if args.eval_only:
        return evaluate(cfg, trainer_class, resume=args.resume)
    trainer = trainer_class(cfg)
    trainer.resume_or_load(resume=args.resume)
    return trainer.train()


def setup(args: argparse.Namespace) -> CfgNode:
    """Return the config of a command line; set up logging, seeds and the output folder."""
    cfg = load_config(args.config_file, args.opts)
    try:
        default_setup(cfg, args)
        setup_logger(cfg.OUTPUT_DIR, distributed_rank=comm.get_rank(), name="adaanchor_d2")
    except OSError as error:
        raise InputError(
            f"OUTPUT_DIR {cfg.OUTPUT_DIR} cannot be written: {error.strerror}."
        ) from None
    return cfg


def _has_checkpoint(output_dir: str) -> bool:
    return SafeCheckpointer(torch.nn.Module(), output_dir).has_checkpoint()


def evaluate(cfg: CfgNode, trainer_class: type[Trainer] = Trainer, *, resume: bool = False) -> dict:
    """Evaluate MODEL.WEIGHTS, or with ``resume`` the last checkpoint in OUTPUT_DIR."""
    check_evaluation(cfg)
    model = trainer_class.build_model(cfg)
    checkpointer = SafeCheckpointer(model, cfg.OUTPUT_DIR)
    if not cfg.MODEL.WEIGHTS and not (resume and checkpointer.has_checkpoint()):
        if comm.get_world_size() > 1:
            raise InputError(
                "MODEL.WEIGHTS is empty: each process would evaluate other untrained weights."
            )
        logger.warning("MODEL.WEIGHTS is empty: untrained weights are evaluated.")
    checkpointer.resume_or_load(cfg.MODEL.WEIGHTS, resume=resume)
    results = trainer_class.test(cfg, model)
    if comm.is_main_process():
        verify_results(cfg, results)
    return results
