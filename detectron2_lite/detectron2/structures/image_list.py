"""Images of different sizes in one tensor."""

import torch
from torch.nn import functional as F


class ImageList:
    """A batch of images, padded at the right and at the bottom to one size.

    Args:
        tensor: (N, ..., H, W).
        image_sizes: (height, width) of each image without padding.
    """

    def __init__(self, tensor: torch.Tensor, image_sizes: list[tuple[int, int]]):
        self.tensor = tensor
        self.image_sizes = image_sizes

    @property
    def device(self) -> torch.device:
        """Where the tensor is."""
        return self.tensor.device

    def to(self, *args, **kwargs) -> "ImageList":
        """Apply ``Tensor.to`` to the images."""
        return ImageList(self.tensor.to(*args, **kwargs), self.image_sizes)

    @staticmethod
    def from_tensors(
        tensors: list[torch.Tensor],
        size_divisibility: int = 0,
        pad_value: float = 0.0,
        padding_constraints: dict[str, int] | None = None,
    ) -> "ImageList":
        """Pad images to their largest height and width.

        Args:
            tensors: images (..., H, W) that differ in H and W only.
            size_divisibility: the padded height and width are multiples of it; 0 or 1 is no limit.
            pad_value: value of the padding.
            padding_constraints: may hold "size_divisibility", which takes precedence, and
                "square_size", the side of a square to pad to.
        """
        constraints = padding_constraints or {}
        divisor = max(constraints.get("size_divisibility", size_divisibility), 1)
        square = constraints.get("square_size", 0)
        sizes = [tuple(image.shape[-2:]) for image in tensors]
        sides = (square, square) if square > 0 else map(max, zip(*sizes, strict=True))
        height, width = (-(-side // divisor) * divisor for side in sides)
        padded = [
            F.pad(image, (0, width - w, 0, height - h), value=pad_value)
            for image, (h, w) in zip(tensors, sizes, strict=True)
        ]
        return ImageList(torch.stack(padded), sizes)

    def __getitem__(self, index: int) -> torch.Tensor:
        """Return one image without its padding."""
        height, width = self.image_sizes[index]
        return self.tensor[index, ..., :height, :width]

    def __len__(self) -> int:
        return len(self.image_sizes)
