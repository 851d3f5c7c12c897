"""Bottom-up pose of one image: the network against what follows it."""

import argparse

import torch
from detectron2.modeling import build_model

from adaanchor_d2.engine.config_file import load_config
from adaanchor_d2.modeling.network import Network

from .group import STRIDE, time_group
from .timing import interleave


@torch.no_grad()
def time_bottom_up(args: argparse.Namespace) -> dict:
    """The network with a tag head of its own; decoding, tags and grouping as in ``time_group``.

    Tags of a frozen network cost that network besides.
    """
    options = ["MODEL.DEVICE", args.device, "MODEL.TIMM.PRETRAINED", "False"]
    options += ["MODEL.TAG.SOURCE", "joint"]
    network = Network(build_model(load_config(args.config_file, options + args.opts)).eval())
    images = torch.randn(1, 3, *(STRIDE * side for side in args.map_size), device=args.device)
    network_times = interleave({"network": lambda: network(images)}, args.repeats, args.device)
    scenes = time_group(args)
    for scene in scenes.values():
        if isinstance(scene, dict):
            scene["postprocess_over_network"] = (
                scene["postprocess_ms"] / network_times["network_ms"]
            )
    return {**network_times, **scenes}
