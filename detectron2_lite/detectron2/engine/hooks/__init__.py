from .checkpoint_hooks import BestCheckpointer, EvalHook, PeriodicCheckpointer
from .logging_hooks import CallbackHook, IterationTimer, PeriodicWriter
from .lr_hook import LRScheduler

__all__ = [
    "BestCheckpointer",
    "CallbackHook",
    "EvalHook",
    "IterationTimer",
    "LRScheduler",
    "PeriodicCheckpointer",
    "PeriodicWriter",
]
