"""What is known about a feature map before it exists."""

from dataclasses import dataclass


@dataclass
class ShapeSpec:
    """Channels, height, width and stride of a tensor; None where not known."""

    channels: int | None = None
    height: int | None = None
    width: int | None = None
    stride: int | None = None
