"""The part of a model that turns images into maps, without targets, losses and decoding."""

from torch import Tensor, nn


class Network(nn.Module):
    """What a meta-architecture computes of images (B, 3, H, W): its ``dense_maps``, flattened.

    What is counted by ``tools/analyze_model.py``. Returns one tensor, or a tuple of several in the
    order in which the meta-architecture names them.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        for name, part in model.named_children():
            self.add_module(name, part)
        self._dense_maps = model.dense_maps

    def forward(self, images: Tensor) -> Tensor | tuple[Tensor, ...]:
        outputs = tuple(map_tensors(self._dense_maps(images)))
        return outputs if len(outputs) > 1 else outputs[0]


def map_tensors(maps) -> list[Tensor]:
    """Return the tensors in what ``dense_maps`` gives; numbers among the maps are left out."""
    if isinstance(maps, Tensor):
        return [maps] if maps.dim() else []
    if isinstance(maps, tuple):
        return [tensor for part in maps for tensor in map_tensors(part)]
    if hasattr(maps, "__dataclass_fields__"):
        return map_tensors(tuple(vars(maps).values()))
    return []
