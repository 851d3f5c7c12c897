"""What timm's HRNet needs to be HRNet as its pose and facial models use it."""

import timm
from torch import nn

from ...errors import InputError

UPSAMPLING = ("nearest", "bilinear")
# All branches take part, whichever are returned; the lowest one's stride.
STRIDE = 32


def is_hrnet(name: str) -> bool:
    """Whether ``name`` is a timm HRNet, with or without the tag of its weights."""
    return name.split(".")[0] in timm.list_models(module="hrnet")


def adapt_hrnet(network: nn.Module, num_outputs: int, upsampling: str) -> None:
    """Bring a timm HRNet (``feature_location=""``) into the wanted form, in place.

    Args:
        network: with all four branches.
        num_outputs: branches that the last module returns, highest first. What would compute the
            others is removed, as in HRNet's pose model: pose checkpoints lack it, and without a
            gradient it would stop distributed training.
        upsampling: how lower branches come to a higher one's size where they are added:
            "nearest" (pose, ImageNet) or "bilinear" (HRNet's facial model; the same weights).
    """
    if upsampling not in UPSAMPLING:
        raise InputError(
            f"MODEL.TIMM.HRNET_UPSAMPLING must be nearest or bilinear, not {upsampling!r}."
        )
    last_module = network.stage4[-1]
    last_module.fuse_layers = last_module.fuse_layers[:num_outputs]
    for module in network.modules():
        if isinstance(module, nn.Upsample):
            module.mode = upsampling
