"""Boxes in absolute continuous pixel coordinates."""

from collections.abc import Iterator
from enum import IntEnum, unique

import numpy as np
import torch


@unique
class BoxMode(IntEnum):
    """How the numbers of a box are meant: corners or corner and size, in pixels or relative."""

    XYXY_ABS = 0
    XYWH_ABS = 1
    XYXY_REL = 2
    XYWH_REL = 3
    XYWHA_ABS = 4

    @staticmethod
    def convert(box, from_mode: "BoxMode", to_mode: "BoxMode"):
        """Convert between XYXY_ABS and XYWH_ABS; other pairs raise NotImplementedError.

        Args:
            box: list or tuple of 4 numbers, or (N, 4) array or tensor; it is not modified.
            from_mode: meaning of ``box``.
            to_mode: wanted meaning.

        Returns:
            The same type as ``box``.
        """
        if from_mode == to_mode:
            return box
        if {from_mode, to_mode} != {BoxMode.XYXY_ABS, BoxMode.XYWH_ABS}:
            raise NotImplementedError(f"{from_mode!r} is not converted to {to_mode!r}.")
        sign = 1 if from_mode == BoxMode.XYWH_ABS else -1
        if isinstance(box, list | tuple):
            x, y, third, fourth = box
            return type(box)((x, y, third + sign * x, fourth + sign * y))
        converted = box.copy() if isinstance(box, np.ndarray) else box.clone()
        converted[..., 2:4] += sign * converted[..., :2]
        return converted


class Boxes:
    """N boxes.

    Args:
        tensor: (N, 4) x1, y1, x2, y2; kept as float32.
    """

    def __init__(self, tensor):
        tensor = torch.as_tensor(tensor).to(torch.float32)
        self.tensor = tensor if tensor.numel() else tensor.reshape(-1, 4)
        assert self.tensor.dim() == 2 and self.tensor.shape[1] == 4, tensor.shape

    @property
    def device(self) -> torch.device:
        """Where the tensor is."""
        return self.tensor.device

    def to(self, device) -> "Boxes":
        """Return the boxes on ``device``."""
        return Boxes(self.tensor.to(device=device))

    def area(self) -> torch.Tensor:
        """Return (N,) areas."""
        return (self.tensor[:, 2:] - self.tensor[:, :2]).prod(dim=1)

    @classmethod
    def cat(cls, boxes_list: list["Boxes"]) -> "Boxes":
        """Join several lists of boxes."""
        return cls(torch.cat([boxes.tensor for boxes in boxes_list]) if boxes_list else [])

    def __getitem__(self, item) -> "Boxes":
        return Boxes(self.tensor[item][None] if isinstance(item, int) else self.tensor[item])

    def __len__(self) -> int:
        return len(self.tensor)

    def __iter__(self) -> Iterator[torch.Tensor]:
        yield from self.tensor

    def __repr__(self) -> str:
        return f"Boxes({self.tensor})"
