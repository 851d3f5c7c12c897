"""The two forms of a file: ONNX and torch.export's."""

import importlib.util
import inspect
import json
import logging
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.export import Dim

from ..engine.weight_files import write_atomically
from ..errors import InputError

# What a file is run by: images as an array -> outputs as arrays, in their order.
Run = Callable[[np.ndarray], list[np.ndarray]]
ONNX_PACKAGES = ("onnx", "onnxscript", "onnxruntime")
MAX_MULTIPLE = 1024  # a side of an image is at most so many times the divisor


@dataclass(frozen=True)
class ExportFormat:
    """One form of a file.

    Attributes:
        suffix: of its name.
        check: raises InputError where the form cannot be written here.
        write: called as ``write(network, images, dynamic, description, path)`` with example images
            and the dynamic dimensions.
        load: from the path of a file to what runs it.
    """

    suffix: str
    check: Callable[[], None]
    write: Callable[[nn.Module, Tensor, dict, dict, str], None]
    load: Callable[[str], Run]


def dynamic_dimensions(has_dynamic_batch: bool, divisor: int | None) -> dict[int, Dim]:
    """Return which dimensions of images (B, 3, H, W) may change.

    Args:
        divisor: what the sides must divide by; None where they are fixed.
    """
    dimensions = {0: Dim("batch", min=1)} if has_dynamic_batch else {}
    if divisor is not None:
        for axis, name in ((2, "rows"), (3, "columns")):
            dimensions[axis] = divisor * Dim(name, min=1, max=MAX_MULTIPLE)
    return dimensions


def check_onnx() -> None:
    """Raise InputError unless ONNX files can be written and compared here."""
    missing = [name for name in ONNX_PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(
            f"--format onnx needs {', '.join(missing)}: pip install {' '.join(missing)}."
        )
    if "dynamic_shapes" not in inspect.signature(torch.onnx.export).parameters:
        raise InputError(f"--format onnx needs PyTorch 2.6 or later, not {torch.__version__}.")


def write_onnx(
    network: nn.Module, images: Tensor, dynamic: dict, description: dict, path: str
) -> None:
    """Write an ONNX file; the description's entries are its metadata, each as JSON."""
    names = [output["name"] for output in description["outputs"]]
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            network,
            (images,),
            input_names=["images"],
            output_names=names,
            dynamic_shapes=(dynamic,),
            dynamo=True,
            verbose=False,
        )
    proto = program.model_proto
    _name_dimensions(proto.graph.input[0], description["input"]["shape"])
    for value, output in zip(proto.graph.output, description["outputs"], strict=True):
        _name_dimensions(value, output["shape"])
    for key, value in description.items():
        proto.metadata_props.add(key=key, value=json.dumps(value))
    write_atomically(path, lambda file: file.write(proto.SerializeToString()))


def _name_dimensions(value, shape: list[int | str]) -> None:
    """Give the dynamic dimensions of an ONNX input or output the names that users read."""
    for dimension, name in zip(value.type.tensor_type.shape.dim, shape, strict=True):
        if isinstance(name, str):
            dimension.dim_param = name


def load_onnx(path: str) -> Run:
    """Return what runs an ONNX file, on the CPU."""
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return lambda images: session.run(None, {"images": images})


def write_torch_export(
    network: nn.Module, images: Tensor, dynamic: dict, description: dict, path: str
) -> None:
    """Write a file of ``torch.export.save``; the description is its extra file."""
    extra = {"description.json": json.dumps(description)}
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.export.export(network, (images,), dynamic_shapes=(dynamic,))
        write_atomically(path, lambda file: torch.export.save(program, file, extra_files=extra))


def load_torch_export(path: str) -> Run:
    """Return what runs a file of ``torch.export.save``."""
    module = torch.export.load(path).module()

    @torch.no_grad()
    def run(images: np.ndarray) -> list[np.ndarray]:
        return [output.numpy() for output in module(torch.from_numpy(images))]

    return run


FORMATS = {
    "onnx": ExportFormat(".onnx", check_onnx, write_onnx, load_onnx),
    "torch_export": ExportFormat(".pt2", lambda: None, write_torch_export, load_torch_export),
}
