"""The part of Detectron2's API that adaanchor_d2 uses; see README.md."""

from .utils.env import setup_environment

setup_environment()

__version__ = "0.6.dev0+lite"
