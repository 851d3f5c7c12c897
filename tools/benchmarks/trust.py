"""What a consensus of candidates and a quality output add to the inference of single people."""

import argparse

import torch
from detectron2.modeling import build_model

from adaanchor_d2.engine.config_file import load_config

from .timing import interleave


@torch.no_grad()
def time_trust(args: argparse.Namespace) -> dict:
    """The network, decoding with and without consensus, and the quality output.

    ``added_share`` is what both add, over the network and the decoding without. They are a
    hundredth of the whole, so they are timed by themselves, in turn with it.
    """
    options = ["MODEL.DEVICE", args.device, "MODEL.TIMM.PRETRAINED", "False"]
    options += ["MODEL.KEYPOINT_HEAD.QUALITY", "True"]
    torch.manual_seed(0)
    cfg = load_config(args.config_file, args.opts + options)
    model = build_model(cfg).eval()
    head = model.head
    images = torch.randn(args.batch_size, 3, *cfg.INPUT.CROP_SIZE, device=args.device)
    features = model.neck(model.backbone(images))
    with_quality = head.predict(features)

    def decode(num_consensus: int) -> None:
        head.num_consensus = num_consensus
        head.inference(with_quality)

    times = interleave(
        {
            "network": lambda: model.neck(model.backbone(images)),
            "maps": lambda: head.predictor(features),
            "decoding": lambda: decode(1),
            "consensus_decoding": lambda: decode(args.members),
            "quality": lambda: head.quality(features),
        },
        args.repeats,
        args.device,
    )
    before = times["network_ms"] + times["maps_ms"] + times["decoding_ms"]
    added = times["consensus_decoding_ms"] - times["decoding_ms"] + times["quality_ms"]
    return {
        "config": args.config_file,
        "batch_size": args.batch_size,
        "members": args.members,
        **times,
        "added_share": round(added / before, 5),
    }
