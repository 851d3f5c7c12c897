"""Count parameters, multiply-adds and activations of a configured model, or print its structure.

    python tools/analyze_model.py --tasks parameter flop --config-file CONFIG [KEY VALUE ...]

As Detectron2's tool of this name. Counts are for one network input of INPUT.CROP_SIZE, on the CPU
and without weights (those of MODEL.TAG too); "flop" counts multiply-adds, as the papers do.
"""

import argparse

import torch
from detectron2.config import CfgNode
from detectron2.modeling import build_model
from fvcore.nn import (
    ActivationCountAnalysis,
    FlopCountAnalysis,
    flop_count_table,
    parameter_count_table,
)

from adaanchor_d2.engine.config_file import load_config
from adaanchor_d2.errors import run_command
from adaanchor_d2.modeling.meta_arch.taggers import build_frozen_network
from adaanchor_d2.modeling.network import Network

TASKS = ("flop", "activation", "parameter", "structure")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config-file", required=True, metavar="FILE")
    parser.add_argument("--tasks", nargs="+", choices=TASKS, required=True)
    parser.add_argument("--depth", type=int, default=2, help="levels of modules in the tables")
    parser.add_argument("opts", nargs=argparse.REMAINDER, help="KEY VALUE pairs")
    args = parser.parse_args()
    no_weights = ["MODEL.DEVICE", "cpu", "MODEL.TIMM.PRETRAINED", "False"]
    cfg = load_config(args.config_file, args.opts + no_weights)
    model = build_untrained(cfg).eval()
    images = torch.zeros(1, 3, *cfg.INPUT.CROP_SIZE)
    for task in args.tasks:
        print(report(task, model, images, args.depth))


def build_untrained(cfg: CfgNode) -> torch.nn.Module:
    """Build the model; a frozen tagger is counted without the weights that it runs with."""
    if (cfg.MODEL.META_ARCHITECTURE, cfg.MODEL.TAG.SOURCE) != ("BottomUpPose", "frozen"):
        return build_model(cfg)
    own = cfg.clone()
    own.defrost()
    own.MODEL.TAG.SOURCE = "oracle"
    model = build_model(own)
    model.tagger = build_frozen_network(cfg)
    return model


def report(task: str, model: torch.nn.Module, images: torch.Tensor, depth: int) -> str:
    """Return the text of one task for images (1, 3, H, W)."""
    if task == "structure":
        return str(model)
    if task == "parameter":
        total = sum(p.numel() for p in model.parameters())
        return f"{parameter_count_table(model, depth)}\n{total / 1e6:.2f} M parameters"
    analysis = FlopCountAnalysis if task == "flop" else ActivationCountAnalysis
    count = analysis(Network(model), images).unsupported_ops_warnings(False)
    count.uncalled_modules_warnings(False)
    if task == "activation":
        return f"{count.total() / 1e6:.2f} M activations"
    return f"{flop_count_table(count, depth)}\n{count.total() / 1e9:.2f} GMAC"


if __name__ == "__main__":
    run_command(main)
