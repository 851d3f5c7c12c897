"""The part of a model that turns images into maps, without targets, losses and decoding."""

import torch
from torch import Tensor, nn


class Network(nn.Module):
    """Backbone, neck, head and tagger of a meta-architecture: images (B, 3, H, W) -> maps.

    What is counted by ``tools/analyze_model.py`` and timed by ``tools/benchmark.py``. Returns one
    tensor, or a tuple of several, tag maps last.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.backbone = model.backbone
        self.neck = model.neck
        self.head = model.head
        self.tagger = getattr(model, "tagger", None)

    def forward(self, images: Tensor):
        features = self.neck(self.backbone(images))
        tags = None if self.tagger is None else self.tagger.predict(images, features)
        if self.head.reads_tags:
            features = torch.cat((features, tags), dim=1)
        maps = self.head.predict(features)
        outputs = tuple(vars(maps).values()) if hasattr(maps, "__dataclass_fields__") else (maps,)
        if tags is not None:
            outputs += (tags,)
        return outputs if len(outputs) > 1 else outputs[0]
