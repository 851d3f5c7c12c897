"""Whole models by name."""

import torch
from torch import nn

from detectron2.utils.registry import PartialRegistry

META_ARCH_REGISTRY = PartialRegistry(
    "META_ARCH",
    "meta-architecture",
    "GeneralizedRCNN PanopticFPN ProposalNetwork RetinaNet SemanticSegmentor",
)
META_ARCH_REGISTRY.__doc__ = """Callables (cfg) -> nn.Module."""


def build_model(cfg) -> nn.Module:
    """Build the model that ``MODEL.META_ARCHITECTURE`` names, on ``MODEL.DEVICE``; no weights."""
    model = META_ARCH_REGISTRY.get(cfg.MODEL.META_ARCHITECTURE)(cfg)
    return model.to(torch.device(cfg.MODEL.DEVICE))
