"""Export a model's network to a file that runs without this project.

    python tools/export_model.py --config-file CONFIG --format onnx MODEL.WEIGHTS model_final.pth

Images go in, RGB or BGR as in training, values 0 to 255; the network normalizes them and gives
dense maps. What follows is in ``adaanchor_d2/deployment.py``, which needs numpy alone. Beside the
file lies its description (JSON: input, outputs, stride, keypoints), which the file holds too. The
file is compared with the model, and removed where they differ.
"""

import argparse
import json
import os
from pathlib import Path

import torch
from detectron2.config import CfgNode
from detectron2.modeling import build_model

from adaanchor_d2.arguments import output_file
from adaanchor_d2.engine.checkpointer import SafeCheckpointer, check_weight_path
from adaanchor_d2.engine.checks import check_model
from adaanchor_d2.engine.config_file import load_config
from adaanchor_d2.engine.trained_models import without_pretrained_backbone
from adaanchor_d2.engine.weight_files import write_atomically
from adaanchor_d2.errors import InputError, run_command
from adaanchor_d2.export import (
    FORMATS,
    TOLERANCE,
    ExportFormat,
    ExportNetwork,
    compare,
    describe,
    dynamic_dimensions,
)
from adaanchor_d2.modeling.backbone import size_divisor


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config-file", required=True, metavar="FILE")
    parser.add_argument("--format", choices=tuple(FORMATS), default="onnx")
    parser.add_argument(
        "--output", type=output_file, help="default: model.onnx or .pt2 in OUTPUT_DIR"
    )
    parser.add_argument(
        "--batch", default="dynamic", metavar="N", help="images of a batch; default: dynamic"
    )
    parser.add_argument(
        "--image-size",
        type=int,
        nargs=2,
        metavar=("H", "W"),
        help="default: INPUT.CROP_SIZE; dynamic for models of whole images",
    )
    parser.add_argument("opts", nargs=argparse.REMAINDER, help="KEY VALUE pairs")
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    cfg = without_pretrained_backbone(load_config(args.config_file, args.opts))
    cfg.merge_from_list(["MODEL.DEVICE", "cpu"])
    form = FORMATS[args.format]
    form.check()
    batch = read_batch(args.batch)
    output = args.output or Path(cfg.OUTPUT_DIR) / f"model{form.suffix}"
    check_output(output, form.suffix)
    check_model(cfg)
    check_weight_path(cfg.MODEL.WEIGHTS)
    model = build_model(cfg).eval()
    divisor = size_divisor(model.backbone, model.neck)
    image_size = read_image_size(args.image_size, cfg, divisor)
    SafeCheckpointer(model).load(cfg.MODEL.WEIGHTS)
    network = ExportNetwork(model).eval()
    example_size = image_size or tuple(cfg.INPUT.CROP_SIZE)
    maps = network.example_maps(example_size)
    description = describe(cfg, model, maps, image_size, example_size, batch)
    for note in notes(cfg, description):
        print(f"note: {note}")
    images = torch.zeros(batch or 2, 3, *example_size)
    dynamic = dynamic_dimensions(batch is None, divisor if image_size is None else None)
    write(form, network, images, dynamic, description, output)
    shapes = compared_shapes(batch, image_size, example_size, divisor)
    try:
        differences = compare(form.load(str(output)), network, shapes, str(output))
    except InputError:
        output.unlink()
        raise
    text = json.dumps(description, indent=1) + "\n"
    write_atomically(str(output.with_suffix(".json")), lambda file: file.write(text.encode()))
    for entry in description["outputs"]:
        shape = ", ".join(map(str, entry["shape"]))
        print(f"{entry['name']} ({shape}): differs by {differences[entry['name']]:.1e}")
    print(f"{output} and its .json are written; differences are at most {TOLERANCE:g}.")


def write(
    form: ExportFormat,
    network: ExportNetwork,
    images: torch.Tensor,
    dynamic: dict,
    description: dict,
    output: Path,
) -> None:
    """Write the file; say in a sentence where the network cannot be expressed."""
    try:
        form.write(network, images, dynamic, description, str(output))
    except OSError:
        raise
    except Exception as error:  # whatever kind each of torch's passes raises
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        hint = "--batch 1 and --image-size H W fix all sizes, " if dynamic else ""
        raise InputError(
            f"--format: the network cannot be written as {form.suffix} ({reason}); {hint}"
            "MODEL.CENTER.OFFSET_BRANCH plain and another MODEL.TIMM.NAME are what may help."
        ) from error


def read_batch(text: str) -> int | None:
    """Return the number of images of a batch; None for "dynamic"."""
    if text == "dynamic":
        return None
    if not text.isdecimal() or int(text) < 1:
        raise InputError(f"--batch must be dynamic or a whole number above 0, not {text}.")
    return int(text)


def read_image_size(size: list[int] | None, cfg: CfgNode, divisor: int) -> tuple[int, int] | None:
    """Return (height, width) of the input; None where it may change."""
    if size is None:
        is_fixed = cfg.INPUT.MAPPER == "PersonCropMapper" or cfg.INPUT.IMAGE_FIT == "longer"
        return tuple(cfg.INPUT.CROP_SIZE) if is_fixed else None
    if any(side < 1 or side % divisor for side in size):
        raise InputError(
            f"--image-size {size[0]} {size[1]} must divide by {divisor}, the stride of backbone "
            f"{cfg.MODEL.BACKBONE.NAME}."
        )
    return tuple(size)


def check_output(output: Path, suffix: str) -> None:
    """Make the file's folder; raise InputError where that, or the file's suffix, cannot be."""
    if output.suffix != suffix:
        raise InputError(f"--output {output} must end in {suffix}.")
    output.parent.mkdir(parents=True, exist_ok=True)
    if not os.access(output.parent, os.W_OK):
        raise InputError(f"OUTPUT_DIR {output.parent} cannot be written.")


def notes(cfg: CfgNode, description: dict) -> list[str]:
    """Return what the user should know of what the file does not do."""
    found = []
    if not cfg.MODEL.WEIGHTS:
        found.append("MODEL.WEIGHTS is empty: untrained weights are exported.")
    if description["skeleton"] is None:
        found.append(
            "DATASETS.TRAIN is not registered here: the keypoints are numbered, not named."
        )
    if cfg.TEST.FLIP:
        found.append("TEST.FLIP is not in the file: run it on mirrored images too.")
    if cfg.MODEL.KEYPOINT_HEAD.CONSENSUS > 1:
        found.append(
            "MODEL.KEYPOINT_HEAD.CONSENSUS is part of decoding: deployment.py takes the best "
            "candidate alone."
        )
    if cfg.MODEL.KEYPOINT_HEAD.CALIBRATION:
        found.append(
            "MODEL.KEYPOINT_HEAD.CALIBRATION is not in the file: apply it to the scores afterwards."
        )
    if cfg.MODEL.CENTER.SCORE_WEIGHTS:
        found.append(
            "MODEL.CENTER.SCORE_WEIGHTS is not in the file: scores are those without this network."
        )
    if cfg.MODEL.META_ARCHITECTURE == "BottomUpPose" and cfg.MODEL.TAG.SOURCE == "oracle":
        found.append(
            "MODEL.TAG.SOURCE oracle takes tags from the ground truth: the file has none, and what "
            "it locates cannot be grouped (set it to joint or frozen)."
        )
    return found


def compared_shapes(
    batch: int | None,
    image_size: tuple[int, int] | None,
    example_size: tuple[int, int],
    divisor: int,
) -> list[tuple[int, int, int]]:
    """Return (batch, height, width) to compare at: the example's, and others where they may be."""
    height, width = example_size
    shapes = [(batch or 1, height, width)]
    if batch is None:
        shapes.append((3, height, width))
    if image_size is None:
        shapes.append((batch or 1, height + divisor, max(width - divisor, divisor)))
    return shapes


if __name__ == "__main__":
    run_command(main)
