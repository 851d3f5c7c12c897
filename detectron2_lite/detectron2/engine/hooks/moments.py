"""When hooks act."""

from ..train_loop import HookBase


def is_period(hook: HookBase, period: int) -> bool:
    """Whether the iteration just done completes a period; 0 is never."""
    return period > 0 and (hook.trainer.iter + 1) % period == 0


def is_last(hook: HookBase) -> bool:
    """Whether the iteration just done is the last one."""
    return hook.trainer.iter + 1 == hook.trainer.max_iter


def is_complete(hook: HookBase) -> bool:
    """In ``after_train``: whether the last iteration was reached, and no earlier one failed."""
    return hook.trainer.iter + 1 >= hook.trainer.max_iter
