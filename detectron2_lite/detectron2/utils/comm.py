"""Communication between the processes of one job; every function also works without one."""

import functools

import numpy as np
import torch
import torch.distributed as dist

_local_group = None


def _is_distributed() -> bool:
    return dist.is_available() and dist.is_initialized()


def get_world_size() -> int:
    """Number of processes of the job."""
    return dist.get_world_size() if _is_distributed() else 1


def get_rank() -> int:
    """Number of this process within the job."""
    return dist.get_rank() if _is_distributed() else 0


def is_main_process() -> bool:
    """Whether this is the job's process 0."""
    return get_rank() == 0


@functools.cache
def create_local_process_group(num_workers_per_machine: int) -> None:
    """Group the processes by machine, once; `launch` does it, and every process must take part.

    Args:
        num_workers_per_machine: processes per machine; must divide the number of processes.
    """
    global _local_group
    world_size = get_world_size()
    assert world_size % num_workers_per_machine == 0
    for first in range(0, world_size, num_workers_per_machine):
        members = list(range(first, first + num_workers_per_machine))
        group = dist.new_group(members)
        if get_rank() in members:
            _local_group = group


def get_local_rank() -> int:
    """Number of this process on its machine; `launch` has grouped the processes by machine."""
    return dist.get_rank(group=_local_group) if _is_distributed() else 0


def get_local_size() -> int:
    """Number of processes on this machine."""
    return dist.get_world_size(group=_local_group) if _is_distributed() else 1


def synchronize() -> None:
    """Wait until every process has come here."""
    if get_world_size() == 1:
        return
    if dist.get_backend() == dist.Backend.NCCL:
        dist.barrier(device_ids=[torch.cuda.current_device()])
    else:
        dist.barrier()


@functools.cache
def _cpu_group():
    if dist.get_backend() == dist.Backend.NCCL:
        return dist.new_group(backend="gloo")
    return dist.group.WORLD


def all_gather(data, group=None) -> list:
    """Return the ``data`` (any picklable object) of all processes, in order of rank."""
    if get_world_size() == 1:
        return [data]
    group = group or _cpu_group()
    gathered = [None] * dist.get_world_size(group)
    dist.all_gather_object(gathered, data, group=group)
    return gathered


def gather(data, dst: int = 0, group=None) -> list:
    """Like :func:`all_gather`, on process ``dst`` only; the others get an empty list."""
    if get_world_size() == 1:
        return [data]
    group = group or _cpu_group()
    is_destination = dist.get_rank(group=group) == dst
    gathered = [None] * dist.get_world_size(group) if is_destination else None
    dist.gather_object(data, gathered, dst=dst, group=group)
    return gathered if is_destination else []


def shared_random_seed() -> int:
    """Return a random number that is the same in all processes; every process must call it."""
    return all_gather(int(np.random.randint(2**31)))[0]
