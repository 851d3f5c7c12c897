"""Annotated keypoints."""

import torch


class Keypoints:
    """Keypoints of N instances with K types each.

    Args:
        keypoints: (N, K, 3) x, y in pixels and visibility (0 not labelled, 1 labelled but hidden,
            2 visible); kept as float32.
    """

    def __init__(self, keypoints):
        tensor = torch.as_tensor(keypoints).to(torch.float32)
        assert tensor.dim() == 3 and tensor.shape[2] == 3, tensor.shape
        self.tensor = tensor

    @property
    def device(self) -> torch.device:
        """Where the tensor is."""
        return self.tensor.device

    def to(self, *args, **kwargs) -> "Keypoints":
        """Apply ``Tensor.to``."""
        return type(self)(self.tensor.to(*args, **kwargs))

    @staticmethod
    def cat(keypoints_list: list["Keypoints"]) -> "Keypoints":
        """Join the instances of several lists."""
        assert keypoints_list, "Nothing to concatenate."
        return Keypoints(torch.cat([keypoints.tensor for keypoints in keypoints_list]))

    def __getitem__(self, item) -> "Keypoints":
        picked = self.tensor[item]
        return Keypoints(picked[None] if isinstance(item, int) else picked)

    def __len__(self) -> int:
        return len(self.tensor)

    def __repr__(self) -> str:
        return f"Keypoints(num_instances={len(self)})"
