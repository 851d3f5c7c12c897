"""Training and evaluation on top of Detectron2's engine."""

from .checkpointer import SafeCheckpointer
from .config_file import load_config
from .optimizer import build_optimizer
from .predictor import Predictor
from .trainer import Trainer

__all__ = ["Predictor", "SafeCheckpointer", "Trainer", "build_optimizer", "load_config"]
