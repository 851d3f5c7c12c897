#!/usr/bin/env python
"""Convert other people's checkpoints to weights of a config's model.

    python tools/convert_checkpoint.py --from simplepose SRC DST --config-file CONFIG

DST is what MODEL.WEIGHTS takes, to evaluate or to go on training. Under the heatmap rule the whole
network is converted; under another anchor rule backbone and neck are, and the head stays fresh.
The place of the original's grid is written with the weights, and the head follows it.
"""

import argparse

import torch
from detectron2.config import CfgNode
from detectron2.modeling import build_model

from adaanchor_d2.engine.config_file import load_config
from adaanchor_d2.engine.weight_files import write_atomically
from adaanchor_d2.errors import InputError, run_command
from adaanchor_d2.weights import (
    FAMILIES,
    PLACE,
    Conversion,
    Family,
    SourceWeights,
    convert,
    find_family,
    read_source,
)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", metavar="SRC", help="the original checkpoint")
    parser.add_argument("destination", metavar="DST", help="file to write, .pth")
    names = sorted({family.name for family in FAMILIES})
    parser.add_argument("--from", dest="family", choices=names, required=True)
    parser.add_argument("--config-file", required=True, metavar="FILE")
    parser.add_argument(
        "--trust",
        action="store_true",
        help="load Python objects that SRC may hold, which runs code from it",
    )
    parser.add_argument(
        "--opts", nargs=argparse.REMAINDER, default=[], help="KEY VALUE pairs for the config"
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    if not args.destination.endswith(".pth"):
        raise InputError(f"DST {args.destination} must end in .pth.")
    no_weights = ["MODEL.DEVICE", "cpu", "MODEL.TIMM.PRETRAINED", "False"]
    cfg = load_config(args.config_file, args.opts + no_weights)
    source = read_source(args.source, trusted=args.trust)
    family = find_family(source, args.family, FAMILIES, cfg.MODEL.META_ARCHITECTURE)
    conversion = convert(source, family, build_model(cfg), cfg)
    try:
        write_atomically(
            args.destination, lambda file: torch.save({"model": conversion.weights}, file)
        )
    except OSError as error:
        raise InputError(f"{args.destination} cannot be written: {error.strerror}.") from None
    print(report(source, family, conversion, cfg))
    print(f"written      {args.destination}")


def report(source: SourceWeights, family: Family, conversion: Conversion, cfg: CfgNode) -> str:
    """Return what became of every weight, as text."""
    matched = len(source.weights) - len(conversion.left_over)
    lines = [f"matched      {matched} of {len(source.weights)} weights of the file"]
    for (theirs, ours), count in sorted(conversion.moves().items()):
        lines.append(f"renamed      {theirs or '(nothing)'} -> {ours or '(nothing)'}  ({count})")
    lines += [f"left over    {key}" for key in conversion.left_over]
    lines += [f"left over    {entry} (no weights)" for entry in source.other_entries]
    lines += [f"not filled   {key}" for key in conversion.fresh]
    if conversion.fresh:
        rule = cfg.MODEL.KEYPOINT_HEAD.NAME
        lines.append(
            f"head         stays fresh: {family.title} was trained for {family.anchor_rule}, "
            f"the config asks for {rule}"
        )
    for key, value in conversion.weights.items():
        if key.endswith(PLACE):
            lines.append(f"grid         {key}: candidates sit at {value.item():g} of the stride")
    lines += [f"config       needs {key} {value}" for key, value in family.settings]
    return "\n".join(lines)


if __name__ == "__main__":
    run_command(main)
