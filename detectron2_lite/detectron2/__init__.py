"""The part of Detectron2's API that adaanchor_d2 uses; see README.md."""

__version__ = "0.6.dev0+lite"
