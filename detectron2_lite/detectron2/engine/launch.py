"""Starting the processes of a distributed job."""

import logging
import socket
from collections.abc import Callable
from datetime import timedelta

import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from detectron2.utils import comm

__all__ = ["DEFAULT_TIMEOUT", "launch"]

DEFAULT_TIMEOUT = timedelta(minutes=30)


def launch(
    main_func: Callable,
    num_gpus_per_machine: int,
    num_machines: int = 1,
    machine_rank: int = 0,
    dist_url: str | None = None,
    args: tuple = (),
    timeout: timedelta = DEFAULT_TIMEOUT,
) -> None:
    """Run ``main_func(*args)`` in every process of a job; call it on every machine of the job.

    A job of one process, or of none (0 GPUs), runs in this process. The backend is nccl where
    there are GPUs (process r of a machine uses its GPU r), else gloo.

    Args:
        main_func: what to run; must be importable by the new processes.
        num_gpus_per_machine: processes per machine.
        num_machines: number of machines.
        machine_rank: number of this machine.
        dist_url: where the processes meet, as torch.distributed takes it; "auto" picks a free port
            of this machine.
        args: arguments of ``main_func``.
        timeout: timeout of collective operations.
    """
    world_size = num_machines * num_gpus_per_machine
    if world_size <= 1:
        main_func(*args)
        return
    if dist_url == "auto":
        assert num_machines == 1, "Several machines need a dist_url that all of them know."
        dist_url = f"tcp://127.0.0.1:{_find_free_port()}"
    if num_machines > 1 and dist_url.startswith("file://"):
        logging.getLogger(__name__).warning(
            f"{dist_url} may fail across machines: a tcp:// address is safer."
        )
    mp.start_processes(
        _run_process,
        nprocs=num_gpus_per_machine,
        args=(
            main_func,
            args,
            world_size,
            num_gpus_per_machine,
            machine_rank,
            dist_url,
            timeout,
        ),
        daemon=False,
    )


def _find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _run_process(
    local_rank: int,
    main_func: Callable,
    args: tuple,
    world_size: int,
    processes_per_machine: int,
    machine_rank: int,
    dist_url: str,
    timeout: timedelta,
) -> None:
    has_gpu = torch.cuda.is_available()
    if has_gpu:
        num_gpus = torch.cuda.device_count()
        assert processes_per_machine <= num_gpus, (
            f"{processes_per_machine} processes were asked for, this machine has {num_gpus} GPUs."
        )
        torch.cuda.set_device(local_rank)
    try:
        dist.init_process_group(
            backend="nccl" if has_gpu else "gloo",
            init_method=dist_url,
            world_size=world_size,
            rank=machine_rank * processes_per_machine + local_rank,
            timeout=timeout,
        )
    except Exception:
        logging.getLogger(__name__).error(f"The processes did not meet at {dist_url}.")
        raise
    comm.create_local_process_group(processes_per_machine)
    comm.synchronize()
    main_func(*args)
