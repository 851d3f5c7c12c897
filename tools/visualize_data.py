#!/usr/bin/env python
"""Draw a training set's annotations, or the crops that the loader makes of them.

    python tools/visualize_data.py --source dataloader --config-file F --output-dir D

Filled discs are visible keypoints, rings are labelled but hidden ones; left is blue, right orange.
Grey areas of whole images are not supervised: crowds and people without labelled keypoints.
"""

import argparse
import os
from collections.abc import Iterator
from itertools import chain, islice

import cv2
import numpy as np
from detectron2.data import DatasetCatalog

from adaanchor_d2.data import Skeleton, build_train_loader
from adaanchor_d2.data.build import get_training_skeleton
from adaanchor_d2.data.image_reader import read_image
from adaanchor_d2.engine import load_config
from adaanchor_d2.errors import InputError, run_command
from adaanchor_d2.visualization.poses import draw_annotation, draw_labels

ENLARGE = 2  # Crops are small; drawn at twice their size, lines cover less of them.
IGNORED_COLOR = (128, 128, 128)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--source", choices=["annotation", "dataloader"], required=True)
    parser.add_argument("--config-file", default="", metavar="FILE", help="path to a config file")
    parser.add_argument("--output-dir", default="./", help="where the pictures go")
    parser.add_argument("--limit", type=int, default=20, help="number of pictures (default: 20)")
    parser.add_argument("opts", nargs=argparse.REMAINDER, help="config options: KEY VALUE ...")
    return parser.parse_args()


def draw_annotations(cfg, skeleton: Skeleton) -> Iterator[tuple[str, np.ndarray]]:
    """Yield (name, picture) of each image that has people."""
    for record in chain.from_iterable(map(DatasetCatalog.get, cfg.DATASETS.TRAIN)):
        if record["annotations"]:
            picture = read_image(record["file_name"])
            for person in record["annotations"]:
                picture = draw_annotation(picture, person, skeleton)
            yield str(record["image_id"]), picture


def draw_samples(cfg, skeleton: Skeleton) -> Iterator[tuple[str, np.ndarray]]:
    """Yield (name, picture) of training samples, augmented as the model sees them."""
    for number, sample in enumerate(chain.from_iterable(build_train_loader(cfg))):
        yield (
            f"{number:05d}_{_sample_name(sample)}",
            _draw_sample(sample, cfg.INPUT.FORMAT, skeleton),
        )


def _sample_name(sample: dict) -> str:
    """One image has several samples where a sample is a person."""
    person = f"_{sample['annotation_id']}" if "annotation_id" in sample else ""
    return f"{sample['image_id']}{person}"


def _draw_sample(sample: dict, image_format: str, skeleton: Skeleton) -> np.ndarray:
    """Draw the sample of either mapper: one person, or many people and an ignore mask."""
    picture = sample["image"].permute(1, 2, 0).numpy()
    picture = np.array(picture[:, :, ::-1] if image_format == "RGB" else picture)
    if "ignore_mask" in sample:
        ignored = sample["ignore_mask"].numpy() > 0
        picture[ignored] = picture[ignored] // 4 + np.array(IGNORED_COLOR, np.uint8) // 4 * 3
    picture = cv2.resize(picture, None, fx=ENLARGE, fy=ENLARGE, interpolation=cv2.INTER_LINEAR)
    people = sample["people_keypoints"] if "people_keypoints" in sample else [sample["keypoints"]]
    for keypoints in people:
        scaled = keypoints.numpy() * np.array([ENLARGE, ENLARGE, 1])
        picture = draw_labels(picture, scaled, skeleton)
    return picture


def main() -> None:
    args = parse_args()
    cfg = load_config(args.config_file, [*args.opts, "DATALOADER.NUM_WORKERS", "0"])
    skeleton = get_training_skeleton(cfg)
    draw = draw_annotations if args.source == "annotation" else draw_samples
    os.makedirs(args.output_dir, exist_ok=True)
    for name, picture in islice(draw(cfg, skeleton), args.limit):
        path = os.path.join(args.output_dir, f"{name}.png")
        if not cv2.imwrite(path, picture):
            raise InputError(f"Picture {path} cannot be written.")
        print(path)


if __name__ == "__main__":
    run_command(main)
