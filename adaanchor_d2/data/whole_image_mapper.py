"""One image with all its people: the samples of bottom-up models."""

import cv2
import numpy as np
import torch
from detectron2.config import configurable

from ..errors import InputError
from .affine import CropRegion, crop_affines, warp_image
from .augmentation import CropPlan
from .build import MAPPER_REGISTRY, get_dataset_skeleton, get_flip_prob, get_training_skeleton
from .image_reader import ImageReader
from .sample_parts import get_channel_order, image_to_tensor, move_keypoints
from .whole_image_augmentation import WholeImageAugmentation, whole_image_region
from .whole_image_records import evaluated_images, ignore_mask, trained_images
from .worker_state import WorkerState


@MAPPER_REGISTRY.register()
class WholeImageMapper:
    """Take a whole image with all its people, warped once.

    Training: the middle of the image, its shorter side filling the crop, then rotated, scaled,
    moved and mirrored. Evaluation: the image at a given shorter side, aspect kept, not padded.
    Where the longer side is to fit, the whole image lies in the middle of the crop, in evaluation
    too: all inputs have one size.

    Called with a record of ``whole_image_records.py``, it returns a new dict:

    * ``image``: uint8 tensor (3, H, W), channels in the order of ``INPUT.FORMAT``;
    * ``crop_to_image``: float64 array (2, 3), continuous input pixels -> continuous image pixels;
    * ``people_keypoints``: float32 tensor (P, K, 3), x, y in continuous input pixels and v, left
      and right changed in a mirror image, of the people that are no crowd and have a labelled
      keypoint; points outside the input keep their place and v. ``annotation_ids``: their ids.
      Both are absent where the data set has no ground truth;
    * ``ignore_mask``: uint8 tensor (H, W), 1 where nothing is supervised: crowds and people
      without a labelled keypoint. Training only;
    * ``file_name, image_id, height, width`` of the image.
    """

    @configurable
    def __init__(
        self,
        *,
        image_format: str,
        crop_size: tuple[int, int] = (512, 512),
        fit: str = "shorter",
        flip_indices: tuple[int, ...] = (),
        augmentation: WholeImageAugmentation | None = None,
        with_empty_images: bool = False,
        min_size: int = 512,
        max_size: int = 1333,
        seed: int | None = None,
    ) -> None:
        """
        Args:
            image_format: "RGB" or "BGR".
            crop_size: (H, W) in pixels of a training sample.
            fit: side of the image that fills the crop, see ``whole_image_region``.
            flip_indices: the skeleton's, needed where ``augmentation`` mirrors.
            augmentation: None for evaluation.
            with_empty_images: train on images without a labelled person too.
            min_size: shorter side of an evaluated image, pixels.
            max_size: its longer side at most, pixels; the shorter one is then below ``min_size``.
            seed: of the augmentation; None differs in every run.
        """
        if len(crop_size) != 2 or min(crop_size) <= 0:
            raise InputError(f"INPUT.CROP_SIZE {tuple(crop_size)} must be (height, width) above 0.")
        if fit not in ("shorter", "longer"):
            raise InputError(f"INPUT.IMAGE_FIT must be shorter or longer, not {fit!r}.")
        if not 0 < min_size <= max_size:
            raise InputError(
                f"INPUT.MIN_SIZE_TEST {min_size} must be above 0 and not above "
                f"INPUT.MAX_SIZE_TEST {max_size}."
            )
        self.channel_order = get_channel_order(image_format)
        self.crop_size = tuple(crop_size)
        self.fit = fit
        self.flip_indices = list(flip_indices)
        self.augmentation = augmentation
        self.with_empty_images = with_empty_images
        self.min_size, self.max_size = min_size, max_size
        self._worker = WorkerState(seed)
        self._reader = ImageReader()

    @classmethod
    def from_config(cls, cfg, is_train: bool) -> dict:
        args = {
            "image_format": cfg.INPUT.FORMAT,
            "crop_size": cfg.INPUT.CROP_SIZE,
            "fit": cfg.INPUT.IMAGE_FIT,
            "min_size": cfg.INPUT.MIN_SIZE_TEST,
            "max_size": cfg.INPUT.MAX_SIZE_TEST,
            "seed": cfg.SEED if cfg.SEED >= 0 else None,
        }
        if not is_train:
            return args
        return {
            **args,
            "flip_indices": get_training_skeleton(cfg).flip_indices,
            "with_empty_images": not cfg.DATALOADER.FILTER_EMPTY_ANNOTATIONS,
            "augmentation": WholeImageAugmentation(
                flip_prob=get_flip_prob(cfg),
                scale_range=cfg.INPUT.SCALE_RANGE,
                rotation=cfg.INPUT.ROTATION_FACTOR,
                translation=cfg.INPUT.TRANSLATE,
            ),
        }

    def records(self, image_records: list[dict], dataset_name: str) -> list[dict]:
        """Return the records that are this mapper's samples, one an image.

        Raises:
            InputError: a training set without ground truth or without a labelled person.
        """
        num_keypoints = get_dataset_skeleton(dataset_name).num_keypoints
        if self.augmentation is None:
            return evaluated_images(image_records, num_keypoints)
        records = trained_images(image_records, num_keypoints, self.with_empty_images)
        if not any(record.get("annotation_ids") for record in records):
            raise InputError(
                f"Data set '{dataset_name}' has no people to train on: no annotation of category "
                "1 has a labelled keypoint and iscrowd 0."
            )
        return records

    def records_of_image(
        self, image: dict, boxes: np.ndarray | None, box_scores: np.ndarray | None
    ) -> list[dict]:
        """Return the one record of an image that is at hand: ``file_name, image_id,
        decoded_image``.

        Raises:
            InputError: boxes are given; the model finds the people itself.
        """
        if boxes is not None:
            raise InputError(
                "Boxes of people were given, but INPUT.MAPPER WholeImageMapper takes whole images: "
                "the model finds the people itself."
            )
        return [image]

    def __call__(self, record: dict) -> dict:
        rng = self._worker.rng()
        image = self._reader.read_record(record)
        height, width = image.shape[:2]
        if self.augmentation is None:
            plan, input_size = self._evaluation_plan(height, width)
        else:
            region = whole_image_region((height, width), self.crop_size, self.fit)
            plan, input_size = self.augmentation(region, self.crop_size, rng), self.crop_size
        image_to_crop, crop_to_image = crop_affines(plan.region, input_size, *plan[1:])
        sample = {
            "image": image_to_tensor(
                warp_image(image, crop_to_image, input_size), self.channel_order
            ),
            "crop_to_image": crop_to_image,
            "file_name": record["file_name"],
            "image_id": record["image_id"],
            "height": height,
            "width": width,
        }
        if "people_keypoints" in record:
            flip_indices = self.flip_indices if plan.flip else None
            moved = move_keypoints(record["people_keypoints"], image_to_crop, flip_indices)
            sample["people_keypoints"] = torch.from_numpy(moved)
            sample["annotation_ids"] = list(record["annotation_ids"])
        if self.augmentation is not None:
            sample["ignore_mask"] = self._ignore_mask(record, (height, width), crop_to_image)
        return sample

    def _evaluation_plan(self, height: int, width: int) -> tuple[CropPlan, tuple[int, int]]:
        """The whole image, unchanged but for its size; and that size (H, W).

        One factor serves both directions and the upper left corner stays, so the rounded side
        may show up to half an input pixel more or less than the image.
        """
        if self.fit == "longer":
            region = whole_image_region((height, width), self.crop_size, self.fit)
            return CropPlan(region, 0.0, False), self.crop_size
        factor = min(self.min_size / min(height, width), self.max_size / max(height, width))
        size = tuple(max(1, round(side * factor)) for side in (height, width))
        region_height, region_width = size[0] / factor, size[1] / factor
        region = CropRegion(region_width / 2, region_height / 2, region_width, region_height)
        return CropPlan(region, 0.0, False), size

    def _ignore_mask(
        self, record: dict, image_size: tuple[int, int], crop_to_image: np.ndarray
    ) -> torch.Tensor:
        mask = ignore_mask(record, *image_size)
        if mask is None:
            return torch.zeros(self.crop_size, dtype=torch.uint8)
        return torch.from_numpy(warp_image(mask, crop_to_image, self.crop_size, cv2.INTER_NEAREST))
