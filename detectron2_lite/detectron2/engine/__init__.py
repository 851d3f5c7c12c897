from . import hooks
from .defaults import DefaultTrainer
from .launch import DEFAULT_TIMEOUT, launch
from .scaling import create_ddp_model
from .setup import default_argument_parser, default_setup, default_writers
from .train_loop import HookBase, SimpleTrainer, TrainerBase
