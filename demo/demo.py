#!/usr/bin/env python
"""Find the keypoints of people (or faces) in images, a video or a webcam.

    python demo/demo.py --config-file F --input street.jpg folder 'more/*.png' --output pictures \
        --opts MODEL.WEIGHTS model_final.pth
    python demo/demo.py --config-file F --video-input walk.mp4 --output walk_poses.mp4 \
        --save-json walk.json --save-csv walk.csv --opts MODEL.WEIGHTS model_final.pth

Models of one person (SinglePose) need to know where people are: --boxes, --detector, or else the
whole image is taken for one person. Models of whole images find them.

JSON (COCO's results, with file_name) and CSV hold every keypoint whatever its score; thresholds
apply to drawing. Their coordinates are pixels, (0, 0) the centre of the upper left one; image_id is
the frame's number, from 0, or the number that an image is named by. An image that cannot be decoded
is named and left out, and the exit status is then 1. --output is a folder, or a file for a single
image or a video; without it, and without --save-*, a window shows the pictures. Images of several
folders keep the part of their paths that tells the folders apart, also as file_name.

--boxes is {"street.jpg": [[x1, y1, x2, y2], [x1, y1, x2, y2, score]], ...} by file name or
image_id, or COCO's list of {"image_id", "category_id", "bbox", "score"}.
"""

import argparse
import sys
from collections.abc import Callable

import numpy as np
from detectron2.config import CfgNode
from detectron2.utils.logger import setup_logger

from adaanchor_d2 import Predictor
from adaanchor_d2.arguments import threshold as score_threshold
from adaanchor_d2.data import Skeleton
from adaanchor_d2.data.build import get_predicted_skeleton
from adaanchor_d2.demo.boxes import BoxFile
from adaanchor_d2.demo.detectors import DETECTORS, build_detector
from adaanchor_d2.demo.images import Frame, ImageSource
from adaanchor_d2.demo.pictures import (
    DrawnPictures,
    Window,
    open_picture_files,
    open_picture_video,
)
from adaanchor_d2.demo.result_files import CsvFile, JsonFile, ResultFiles
from adaanchor_d2.demo.run import Stopwatch, run
from adaanchor_d2.demo.video import VideoSource
from adaanchor_d2.engine import load_config
from adaanchor_d2.errors import InputError, name_first, run_command

# Score below which a detector's box is no person, where --box-threshold does not say.
DETECTOR_THRESHOLD = 0.5


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config-file", default="", metavar="FILE", help="path to a config file")
    sources = parser.add_mutually_exclusive_group(required=True)
    sources.add_argument("--input", nargs="+", metavar="PATH", help="images, folders, patterns")
    sources.add_argument("--video-input", metavar="FILE", help="path to a video")
    sources.add_argument("--webcam", action="store_true", help="frames of the first camera")
    parser.add_argument("--output", metavar="PATH", help="folder or file of the pictures")
    parser.add_argument("--save-json", metavar="FILE", help="people in COCO's result format")
    parser.add_argument("--save-csv", metavar="FILE", help="one row a keypoint")
    parser.add_argument(
        "--confidence-threshold",
        type=score_threshold,
        default=0.3,
        metavar="X",
        help="keypoints with a lower score are not drawn (default: 0.3)",
    )
    parser.add_argument(
        "--show-anchors", action="store_true", help="arrows from the anchors to the keypoints"
    )
    people = parser.add_mutually_exclusive_group()
    people.add_argument("--boxes", metavar="FILE", help="JSON file of the people's boxes")
    people.add_argument("--detector", choices=DETECTORS, help="a person detector")
    parser.add_argument(
        "--detector-weights", default="", metavar="FILE", help="its weights, a local file"
    )
    parser.add_argument(
        "--detector-config", default="", metavar="FILE", help="Detectron2's: its config file"
    )
    parser.add_argument(
        "--box-threshold",
        type=score_threshold,
        metavar="X",
        help=f"boxes with a lower score are no people (default: 0 for --boxes, "
        f"{DETECTOR_THRESHOLD} for --detector)",
    )
    parser.add_argument(
        "--opts", nargs=argparse.REMAINDER, default=[], help="config options: KEY VALUE ..."
    )
    return parser.parse_args()


def open_source(args: argparse.Namespace) -> ImageSource | VideoSource:
    if args.input:
        return ImageSource(args.input)
    return VideoSource(0 if args.webcam else args.video_input)


def open_pictures(
    args: argparse.Namespace, source: ImageSource | VideoSource, skeleton: Skeleton
) -> list[DrawnPictures]:
    """What draws the pictures; nothing where only files are asked for."""
    is_video = isinstance(source, VideoSource)
    if args.output:
        shown_in = (open_picture_video if is_video else open_picture_files)(args.output, source)
    elif args.save_json or args.save_csv:
        return []
    else:
        shown_in = Window(wait_ms=1 if is_video else 0)
    drawn = DrawnPictures(
        shown_in,
        skeleton,
        threshold=args.confidence_threshold,
        shows_anchors=args.show_anchors,
        shows_boxes=bool(args.boxes or args.detector),
    )
    return [drawn]


def open_result_files(args: argparse.Namespace, skeleton: Skeleton) -> list[ResultFiles]:
    files = [JsonFile(args.save_json)] if args.save_json else []
    files += [CsvFile(args.save_csv, skeleton)] if args.save_csv else []
    return [ResultFiles(files)] if files else []


def build_box_finder(
    args: argparse.Namespace, cfg: CfgNode, source: ImageSource | VideoSource, network: Stopwatch
) -> Callable[[Frame], tuple[np.ndarray | None, np.ndarray | None]]:
    """What gives a frame's boxes and scores, None for those that the predictor does without."""
    if not (args.boxes or args.detector):
        return lambda frame: (None, None)
    if cfg.INPUT.MAPPER != "PersonCropMapper":
        raise InputError(
            f"--{'boxes' if args.boxes else 'detector'} is for models of one person; "
            f"MODEL.META_ARCHITECTURE {cfg.MODEL.META_ARCHITECTURE} finds the people itself."
        )
    if args.boxes:
        box_file = BoxFile(args.boxes, args.box_threshold or 0.0)
        if isinstance(source, ImageSource):
            box_file.require_any(source.names, source.image_ids)
        return box_file
    threshold = DETECTOR_THRESHOLD if args.box_threshold is None else args.box_threshold
    detector = build_detector(
        args.detector, args.detector_weights, args.detector_config, cfg.MODEL.DEVICE, threshold
    )
    detect = network.timed(detector)
    return lambda frame: detect(frame.image)


def title(frame: Frame, source: ImageSource | VideoSource) -> str:
    """What messages call a frame."""
    is_video = isinstance(source, VideoSource)
    return f"{frame.name}, frame {frame.image_id}" if is_video else frame.name


def main() -> None:
    args = parse_args()
    setup_logger(name="adaanchor_d2")
    cfg = load_config(args.config_file, args.opts)
    if not cfg.MODEL.WEIGHTS:
        raise InputError("MODEL.WEIGHTS is empty: give --opts MODEL.WEIGHTS and a checkpoint.")
    skeleton = get_predicted_skeleton(cfg)
    source = open_source(args)
    pictures = open_pictures(args, source, skeleton)
    network = Stopwatch()
    find_boxes = build_box_finder(args, cfg, source, network)
    predictor = Predictor(cfg)
    predictor.model.dense_maps = network.timed(predictor.model.dense_maps)
    summary = run(
        source,
        source.num_frames,
        lambda frame: predictor(frame.image, *find_boxes(frame), name=title(frame, source)),
        [*open_result_files(args, skeleton), *pictures],
        network,
    )
    print(summary)
    num_undrawn = sum(drawn.num_undrawn for drawn in pictures)
    if num_undrawn:
        print(
            f"{num_undrawn} of the people are not drawn: no keypoint of theirs has a score of at "
            f"least {args.confidence_threshold:g} (--confidence-threshold)."
        )
    for line in find_boxes.what_is_missing() if isinstance(find_boxes, BoxFile) else ():
        print(line)
    if isinstance(source, ImageSource) and source.unreadable:
        print(
            f"{len(source.unreadable)} of {source.num_frames} images cannot be decoded: "
            f"{name_first(source.unreadable)}"
        )
        sys.exit(1)


if __name__ == "__main__":
    run_command(main)
