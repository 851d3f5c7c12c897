"""Keypoints of people in images that belong to no data set.

N people of an image, K keypoint types.
"""

import logging
from collections.abc import Sequence

import numpy as np
import torch
from detectron2.config import CfgNode
from detectron2.modeling import build_model
from detectron2.structures import Instances

from ..data.build import build_mapper, get_flip_indices
from ..errors import InputError, name_first
from ..evaluation.coco_results import rescore_people
from ..modeling.meta_arch import FlipTest
from .checkpointer import SafeCheckpointer, check_weight_path
from .checks import check_prediction

logger = logging.getLogger(__name__)


class Predictor:
    """A trained model that takes plain images; used like Detectron2's DefaultPredictor.

        predictor = Predictor(load_config("config.yaml", ["MODEL.WEIGHTS", "model_final.pth"]))
        people = predictor(cv2.imread("street.jpg"))

    Cropping, resizing and channel order are those of the config's evaluation. Results are
    ``Instances`` on the CPU, in continuous pixels of the image (the centre of the upper left pixel
    is at (0.5, 0.5)):

    * ``pred_keypoints`` (N, K, 3): x, y, score from 0 to 1 (1 where the anchor rule has none).
      Keypoints may lie outside the image, and none is moved or left out for its score;
    * ``pred_keypoint_anchors`` (N, K, 2): where each keypoint was found from;
    * ``scores`` (N,) of the people; for boxes, by TEST.RESCORE, that of the box x the mean score of
      the keypoints above TEST.RESCORE_THRESHOLD;
    * ``pred_boxes``: the boxes given or, where the model finds the people, around their keypoints;
    * what else the model gives of a person (``pred_keypoint_spread`` (N, K), pixels).
    """

    def __init__(self, cfg: CfgNode) -> None:
        """Build the model and load MODEL.WEIGHTS.

        Raises:
            InputError: settings that cannot work, or weights that are not there or do not fit.
        """
        check_prediction(cfg)
        check_weight_path(cfg.MODEL.WEIGHTS)
        if not cfg.MODEL.WEIGHTS:
            logger.warning("MODEL.WEIGHTS is empty: untrained weights predict.")
        self.cfg = cfg
        self.model = build_model(cfg).eval()
        SafeCheckpointer(self.model).load(cfg.MODEL.WEIGHTS)
        self._forward = self.model
        if cfg.TEST.FLIP:
            self._forward = FlipTest(self.model, get_flip_indices(cfg)).eval()
        self._mapper = build_mapper(cfg, is_train=False)
        rescores = cfg.TEST.RESCORE and cfg.INPUT.MAPPER == "PersonCropMapper"
        self._rescore_threshold = cfg.TEST.RESCORE_THRESHOLD if rescores else None
        self._nobody: Instances | None = None

    def __call__(self, image, boxes=None, box_scores=None, name=None):
        """
        Args:
            image: (H, W, 3) uint8 array in BGR order, as OpenCV reads it; or a list of images.
            boxes: of the people (or faces), for models that see one person at a time: (N, 4) array,
                tensor or ``Boxes``, x1, y1, x2, y2 in pixels. None: the whole image is one box.
                Of a list of images, a list.
            box_scores: (N,); None: 1 for each. Of a list of images, a list.
            name: what messages call the image; None: its number. Of a list of images, a list.

        Returns:
            Instances, those of boxes in their order; of a list of images, a list of them.

        Raises:
            InputError: no such image or boxes, or boxes for a model that finds the people itself.
        """
        if not isinstance(image, list | tuple):
            return self._predict([image], [boxes], [box_scores], [name or "image 0"])[0]
        if isinstance(name, str):
            raise InputError(f"One name, {name!r}, for a list of images: give a list of names.")
        nothing = [None] * len(image)
        names = name or [f"image {index}" for index in range(len(image))]
        return self._predict(image, boxes or nothing, box_scores or nothing, names)

    @torch.no_grad()
    def _predict(
        self, images: Sequence, boxes: Sequence, box_scores: Sequence, names: Sequence[str]
    ) -> list[Instances]:
        if not len(images) == len(boxes) == len(box_scores) == len(names):
            raise InputError(
                f"There are {len(images)} images, but boxes for {len(boxes)}, box_scores for "
                f"{len(box_scores)} and {len(names)} names."
            )
        people_of_images = [
            self._records(index, *inputs)
            for index, inputs in enumerate(zip(images, boxes, box_scores, names, strict=True))
        ]
        instances = self._run([record for records in people_of_images for record in records])
        return [
            self._joined([next(instances) for _ in records], image.shape[:2])
            for image, records in zip(images, people_of_images, strict=True)
        ]

    def _records(self, index: int, image, boxes, box_scores, name: str) -> list[dict]:
        check_image(image)
        if boxes is not None:
            boxes, box_scores = check_boxes(boxes, box_scores, name)
            warn_of_boxes_outside(boxes, image.shape[:2], name)
        record = {"file_name": name, "image_id": index, "decoded_image": image}
        return self._mapper.records_of_image(record, boxes, box_scores)

    def _run(self, records: list[dict]):
        """Yield the people of each record."""
        size = self.cfg.TEST.BATCH_SIZE
        for start in range(0, len(records), size):
            samples = [self._mapper(record) for record in records[start : start + size]]
            for output in self._forward(samples):
                yield output["instances"].to("cpu")

    def _joined(self, parts: list[Instances], image_size: tuple[int, int]) -> Instances:
        people = Instances.cat(parts) if parts else self._no_people(image_size)
        if self._rescore_threshold is not None:
            scores = rescore_people(
                people.scores.numpy(),
                people.pred_keypoints[..., 2].numpy(),
                self._rescore_threshold,
            )
            people.scores = torch.from_numpy(scores).float()
        return people

    def _no_people(self, image_size: tuple[int, int]) -> Instances:
        """Return the fields that people have, of none."""
        if self._nobody is None:
            black = {"file_name": "", "image_id": 0, "decoded_image": np.zeros((8, 8, 3), np.uint8)}
            self._nobody = next(self._run(self._mapper.records_of_image(black, None, None)))[:0]
        return Instances(image_size, **self._nobody.get_fields())


def check_image(image) -> None:
    """Raise InputError unless this is an image as ``Predictor`` takes it."""
    is_array = isinstance(image, np.ndarray)
    if not is_array or image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        given = f"{image.dtype} {image.shape}" if is_array else type(image).__name__
        raise InputError(f"Predictor takes images as uint8 arrays (H, W, 3) in BGR, not {given}.")
    if image.size == 0:
        raise InputError(f"Predictor was given an image without pixels, {image.shape}.")


def warn_of_boxes_outside(boxes: np.ndarray, image_size: tuple[int, int], name: str) -> None:
    """Log the boxes (N, 4) that show nothing of the image (height, width); they are predicted."""
    height, width = image_size
    is_inside = (boxes[:, :2] < (width, height)).all(axis=1) & (boxes[:, 2:] > 0).all(axis=1)
    if not is_inside.all():
        listing = name_first([boxes[index].tolist() for index in np.flatnonzero(~is_inside)])
        logger.warning(
            "%s: boxes outside the image (%d x %d pixels), of which the network sees nothing: %s.",
            name,
            width,
            height,
            listing,
        )


def check_boxes(boxes, box_scores, name: str) -> tuple[np.ndarray, np.ndarray | None]:
    """Return boxes (N, 4) and their scores (N,), if there are any, as float64 arrays.

    Raises:
        InputError: what they are not.
    """
    boxes = np.asarray(getattr(boxes, "tensor", boxes), np.float64)
    boxes = boxes.reshape(-1, 4) if boxes.size == 0 else boxes
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise InputError(f"{name}: boxes must be (N, 4), x1 y1 x2 y2, not {boxes.shape}.")
    wrong = ~(np.isfinite(boxes).all(axis=1) & (boxes[:, 2:] > boxes[:, :2]).all(axis=1))
    if wrong.any():
        index = int(wrong.argmax())
        raise InputError(
            f"{name}: box {index} is {boxes[index].tolist()}, which is not x1, y1, x2, y2 with "
            "x1 < x2 and y1 < y2."
        )
    if box_scores is None:
        return boxes, None
    scores = np.asarray(box_scores, np.float64)
    if scores.shape != (len(boxes),) or not np.isfinite(scores).all():
        raise InputError(
            f"{name}: box scores {scores.shape} must be a finite number for each of {len(boxes)} "
            "boxes."
        )
    return boxes, scores
