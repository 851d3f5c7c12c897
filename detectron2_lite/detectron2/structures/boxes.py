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
            raise NotImplementedError(
                f"Conversion from {BoxMode(from_mode)!r} to {BoxMode(to_mode)!r} is not supported."
            )
        sign = 1 if from_mode == BoxMode.XYWH_ABS else -1
        if isinstance(box, list | tuple):
            assert len(box) == 4, f"A box has 4 numbers, not {len(box)}."
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
        if tensor.numel() == 0:
            tensor = tensor.reshape(-1, 4)
        assert tensor.dim() == 2 and tensor.shape[1] == 4, tensor.shape
        self.tensor = tensor

    @property
    def device(self) -> torch.device:
        """Where the tensor is."""
        return self.tensor.device

    def clone(self) -> "Boxes":
        """Return a copy."""
        return Boxes(self.tensor.clone())

    def to(self, device) -> "Boxes":
        """Return the boxes on ``device``."""
        return Boxes(self.tensor.to(device=device))

    def area(self) -> torch.Tensor:
        """Return (N,) areas."""
        return (self.tensor[:, 2:] - self.tensor[:, :2]).prod(dim=1)

    def clip(self, box_size: tuple[int, int]) -> None:
        """Limit the boxes, in place, to an image of size (height, width)."""
        assert torch.isfinite(self.tensor).all(), "Boxes that are not finite cannot be clipped."
        height, width = box_size
        limits = self.tensor.new_tensor([width, height, width, height])
        self.tensor = self.tensor.clamp(min=0).minimum(limits)

    def nonempty(self, threshold: float = 0.0) -> torch.Tensor:
        """Return (N,) whether both sides are longer than ``threshold``."""
        return (self.tensor[:, 2:] - self.tensor[:, :2] > threshold).all(dim=1)

    def get_centers(self) -> torch.Tensor:
        """Return (N, 2) centres, x and y."""
        return (self.tensor[:, :2] + self.tensor[:, 2:]) / 2

    def scale(self, scale_x: float, scale_y: float) -> None:
        """Multiply the coordinates, in place."""
        self.tensor[:, 0::2] *= scale_x
        self.tensor[:, 1::2] *= scale_y

    @classmethod
    def cat(cls, boxes_list: list["Boxes"]) -> "Boxes":
        """Join several lists of boxes."""
        if not boxes_list:
            return cls(torch.empty(0))
        return cls(torch.cat([boxes.tensor for boxes in boxes_list]))

    def __getitem__(self, item) -> "Boxes":
        if isinstance(item, int):
            return Boxes(self.tensor[item][None])
        picked = self.tensor[item]
        assert picked.dim() == 2, f"{item} does not select whole boxes."
        return Boxes(picked)

    def __len__(self) -> int:
        return len(self.tensor)

    def __iter__(self) -> Iterator[torch.Tensor]:
        yield from self.tensor

    def __repr__(self) -> str:
        return f"Boxes({self.tensor})"
