"""A model's network with the normalization of images in it."""

import torch
from torch import Tensor, nn

from ..modeling.network import Network


class ExportNetwork(nn.Module):
    """From images to dense maps; what follows them is in ``adaanchor_d2/deployment.py``.

    Images are float32 (B, 3, H, W), values 0 to 255, channels in the order of ``INPUT.FORMAT``.
    """

    def __init__(self, model: nn.Module) -> None:
        """
        Args:
            model: a meta-architecture, in evaluation mode, on the CPU.
        """
        super().__init__()
        self.network = Network(model)
        self.register_buffer("mean", model.pixel_mean.clone())
        self.register_buffer("std", model.pixel_std.clone())

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return the maps in the order of :meth:`named_maps`."""
        return tuple(self.named_maps(images).values())

    def named_maps(self, images: Tensor) -> dict[str, Tensor]:
        """Return the maps by name."""
        return self.network.named_maps((images - self.mean) / self.std)

    @torch.no_grad()
    def example_maps(self, image_size: tuple[int, int]) -> dict[str, Tensor]:
        """Return the maps of one black image of this (height, width)."""
        return self.named_maps(torch.zeros(1, 3, *image_size))
