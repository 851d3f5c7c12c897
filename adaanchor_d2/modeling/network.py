"""The part of a model that turns images into maps, without targets, losses and decoding."""

from torch import Tensor, nn


class Network(nn.Module):
    """Backbone, neck and head of a meta-architecture: images (B, 3, H, W) -> maps.

    What is counted by ``tools/analyze_model.py`` and timed by ``tools/benchmark.py``.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.backbone = model.backbone
        self.neck = model.neck
        self.head = model.head

    def forward(self, images: Tensor):
        maps = self.head.predict(self.neck(self.backbone(images)))
        return tuple(vars(maps).values()) if hasattr(maps, "__dataclass_fields__") else maps
