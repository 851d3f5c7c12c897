"""What an exported network gives, computed by the model itself: outputs as arrays, description."""

import numpy as np
import torch

from adaanchor_d2.export import ExportNetwork, describe


def exported(model, cfg, images: np.ndarray) -> tuple[dict[str, np.ndarray], dict]:
    """Return the outputs for images (B, 3, H, W) by name, and the description.

    Args:
        model: in evaluation mode.
    """
    network = ExportNetwork(model)
    is_fixed = cfg.INPUT.MAPPER == "PersonCropMapper"
    size = images.shape[-2:]
    with torch.no_grad():
        maps = network.named_maps(torch.from_numpy(images))
    description = describe(cfg, model, maps, size if is_fixed else None, size, None)
    return {name: values.numpy() for name, values in maps.items()}, description
