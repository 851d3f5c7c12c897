"""Output folders of training runs, gathered into one HTML page that needs no network."""

from .page import write_report
from .runs import Run, load_runs

__all__ = ["Run", "load_runs", "write_report"]
