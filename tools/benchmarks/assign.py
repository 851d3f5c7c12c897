"""The assigners alone."""

import argparse

import torch

from adaanchor_d2.modeling.anchors import (
    AdaAnchorAssigner,
    AnchorMaps,
    FixedAnchorAssigner,
    KeypointTargets,
)

from .timing import interleave


def time_assign(args: argparse.Namespace) -> dict:
    """Both assigners on random maps, for a number of targets and for a tenth of it."""
    torch.manual_seed(0)
    height, width = args.map_size
    types = 17
    per_image = types * args.people
    batch = max(1, -(-args.targets // per_image))
    maps = AnchorMaps(
        torch.randn(batch, types, height, width, device=args.device),
        torch.randn(batch, types, 2, height, width, device=args.device),
        torch.randn(batch, types, 2, height, width, device=args.device),
    )
    slots = torch.arange(args.targets, device=args.device)
    targets = KeypointTargets(
        torch.rand(args.targets, 2, device=args.device) * torch.tensor([width, height]).to(slots),
        torch.div(slots, per_image, rounding_mode="floor"),
        slots % types,
    )
    few = targets[: max(1, args.targets // 10)]
    ada, fixed = AdaAnchorAssigner(), FixedAnchorAssigner()
    functions = {
        "ada": lambda: ada(maps, targets),
        "ada_tenth_of_targets": lambda: ada(maps, few),
        "fixed": lambda: fixed(maps, targets),
    }
    sizes = {"targets": args.targets, "people": args.people}
    return {**sizes, **interleave(functions, args.repeats, args.device)}
