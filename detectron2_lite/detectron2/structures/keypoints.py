"""Annotated keypoints."""

import torch


class Keypoints:
    """Keypoints of N instances with K types each.

    Args:
        keypoints: (N, K, 3) x, y in pixels and visibility (0 not labelled, 1 labelled but hidden,
            2 visible); kept as float32.
    """

    def __init__(self, keypoints):
        self.tensor = torch.as_tensor(keypoints).to(torch.float32)
        assert self.tensor.dim() == 3 and self.tensor.shape[2] == 3, self.tensor.shape

    @property
    def device(self) -> torch.device:
        """Where the tensor is."""
        return self.tensor.device

    def to(self, *args, **kwargs) -> "Keypoints":
        """Apply ``Tensor.to``."""
        return Keypoints(self.tensor.to(*args, **kwargs))

    @staticmethod
    def cat(keypoints_list: list["Keypoints"]) -> "Keypoints":
        """Join the instances of several lists."""
        return Keypoints(torch.cat([keypoints.tensor for keypoints in keypoints_list]))

    def __getitem__(self, item) -> "Keypoints":
        return Keypoints(self.tensor[item][None] if isinstance(item, int) else self.tensor[item])

    def __len__(self) -> int:
        return len(self.tensor)
