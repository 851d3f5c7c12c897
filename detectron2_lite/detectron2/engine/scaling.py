"""What depends on the number of processes: the model's wrapper, and the batch and its schedule."""

import logging

from torch import nn
from torch.nn.parallel import DistributedDataParallel

from detectron2.config import CfgNode
from detectron2.utils import comm


def create_ddp_model(model: nn.Module, **kwargs) -> nn.Module:
    """Wrap a model in DistributedDataParallel where there are several processes.

    Args:
        model: the model, on its device.
        kwargs: further arguments of ``DistributedDataParallel``.
    """
    if comm.get_world_size() == 1:
        return model
    if next(model.parameters()).is_cuda:
        kwargs.setdefault("device_ids", [comm.get_local_rank()])
    return DistributedDataParallel(model, **kwargs)


def scale_config(cfg: CfgNode, num_processes: int) -> CfgNode:
    """Return the config for another number of processes than ``SOLVER.REFERENCE_WORLD_SIZE``.

    Samples per process stay the same: the batch and the learning rate grow with the number of
    processes, the numbers of iterations shrink. Nothing changes when the reference is 0.

    Args:
        cfg: the config; not modified.
        num_processes: number of processes.
    """
    reference = cfg.SOLVER.REFERENCE_WORLD_SIZE
    if reference in (0, num_processes):
        return cfg
    was_frozen, cfg = cfg.is_frozen(), cfg.clone()
    cfg.defrost()
    solver = cfg.SOLVER
    assert solver.IMS_PER_BATCH % reference == 0, (
        "SOLVER.IMS_PER_BATCH must divide by SOLVER.REFERENCE_WORLD_SIZE."
    )
    scale = num_processes / reference
    solver.REFERENCE_WORLD_SIZE = num_processes
    solver.IMS_PER_BATCH = round(solver.IMS_PER_BATCH * scale)
    solver.BASE_LR *= scale
    for section, key in (
        (solver, "MAX_ITER"),
        (solver, "WARMUP_ITERS"),
        (solver, "CHECKPOINT_PERIOD"),
        (cfg.TEST, "EVAL_PERIOD"),
    ):
        section[key] = round(section[key] / scale)
    solver.STEPS = tuple(round(step / scale) for step in solver.STEPS)
    logging.getLogger(__name__).info(
        f"For {num_processes} instead of {reference} processes, SOLVER becomes:\n{solver}"
    )
    if was_frozen:
        cfg.freeze()
    return cfg
