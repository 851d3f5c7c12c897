"""Networks as files that run without this project: ONNX and torch.export, and what they are."""

from .comparison import TOLERANCE, compare
from .description import describe
from .export_network import ExportNetwork
from .formats import FORMATS, ExportFormat, dynamic_dimensions

__all__ = [
    "ExportFormat",
    "ExportNetwork",
    "FORMATS",
    "TOLERANCE",
    "compare",
    "describe",
    "dynamic_dimensions",
]
