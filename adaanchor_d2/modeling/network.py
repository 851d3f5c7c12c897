"""The part of a model that turns images into maps, without targets, losses and decoding."""

from torch import Tensor, nn


class Network(nn.Module):
    """What a meta-architecture computes of normalized images (B, 3, H, W): its ``named_maps``.

    What is counted by ``tools/analyze_model.py`` and exported. Returns one tensor, or a tuple of
    several in the order in which the meta-architecture names them.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        for name, part in model.named_children():
            self.add_module(name, part)
        self._dense_maps = model.dense_maps
        self._named_maps = model.named_maps

    def named_maps(self, images: Tensor) -> dict[str, Tensor]:
        """Return the maps by name."""
        return self._named_maps(self._dense_maps(images))

    def forward(self, images: Tensor) -> Tensor | tuple[Tensor, ...]:
        outputs = tuple(self.named_maps(images).values())
        return outputs if len(outputs) > 1 else outputs[0]
