"""One person, cropped: the samples of single-person models."""

import numpy as np
import torch
from detectron2.config import configurable
from detectron2.data import MetadataCatalog

from ..errors import InputError
from .affine import box_to_region, crop_affines, warp_image
from .augmentation import CropPlan, PersonAugmentation
from .build import MAPPER_REGISTRY, get_flip_prob, get_training_skeleton
from .datasets.detections import load_person_detections
from .image_reader import ImageReader
from .person_records import (
    ANNOTATED_BOXES,
    DETECTOR,
    detected_people,
    evaluated_people,
    given_people,
    labelled_people,
)
from .sample_parts import get_channel_order, image_to_tensor, move_keypoints
from .worker_state import WorkerState


@MAPPER_REGISTRY.register()
class PersonCropMapper:
    """Crop a person by box: extend it to the crop's aspect ratio, pad, augment, warp once.

    Called with a person record (see ``person_records.py``), it returns a new dict:

    * ``image``: uint8 tensor (3, H, W), channels in the order of ``INPUT.FORMAT``;
    * ``crop_to_image``: float64 array (2, 3), continuous crop pixels -> continuous image pixels;
    * ``keypoints``: float32 tensor (K, 3), x, y in continuous crop pixels and v, left and right
      changed in a mirror image; points outside the crop keep their place and v. Absent for
      detector boxes and in a split without ground truth;
    * ``file_name, image_id, height, width`` of the image, ``annotation_id, box_score`` and
      ``person_box`` (x1, y1, x2, y2; image pixels).
    """

    @configurable
    def __init__(
        self,
        *,
        crop_size: tuple[int, int],
        box_padding: float,
        image_format: str,
        flip_indices: tuple[int, ...] = (),
        augmentation: PersonAugmentation | None = None,
        person_boxes: str = "ground_truth",
        min_box_score: float = 0.0,
        seed: int | None = None,
    ) -> None:
        """
        Args:
            crop_size: (H, W) in pixels.
            box_padding: factor on the box after its extension to the crop's aspect ratio.
            image_format: "RGB" or "BGR".
            flip_indices: the skeleton's, needed where ``augmentation`` mirrors.
            augmentation: None for evaluation.
            person_boxes: for evaluation: "ground_truth", "rectangle", "detector" or the path of a
                detection file.
            min_box_score: detections below it are left out.
            seed: of the augmentation; None differs in every run.
        """
        if len(crop_size) != 2 or min(crop_size) <= 0 or box_padding <= 0:
            raise InputError(
                f"INPUT.CROP_SIZE {tuple(crop_size)} must be (height, width) above 0 and "
                f"INPUT.BOX_PADDING {box_padding} above 0."
            )
        self.crop_size = tuple(crop_size)
        self.box_padding = box_padding
        self.channel_order = get_channel_order(image_format)
        self.flip_indices = list(flip_indices)
        self.augmentation = augmentation
        self.person_boxes = person_boxes
        self.min_box_score = min_box_score
        self._worker = WorkerState(seed)
        self._reader = ImageReader()

    @classmethod
    def from_config(cls, cfg, is_train: bool) -> dict:
        args = {
            "crop_size": cfg.INPUT.CROP_SIZE,
            "box_padding": cfg.INPUT.BOX_PADDING,
            "image_format": cfg.INPUT.FORMAT,
            "seed": cfg.SEED if cfg.SEED >= 0 else None,
        }
        if not is_train:
            return {
                **args,
                "person_boxes": cfg.INPUT.PERSON_BOXES,
                "min_box_score": cfg.INPUT.PERSON_BOX_MIN_SCORE,
            }
        skeleton = get_training_skeleton(cfg)
        augmentation = PersonAugmentation(
            skeleton=skeleton,
            flip_prob=get_flip_prob(cfg),
            scale_factor=cfg.INPUT.SCALE_FACTOR,
            rotation_factor=cfg.INPUT.ROTATION_FACTOR,
            rotation_prob=cfg.INPUT.ROTATION_PROB,
            half_body_prob=cfg.INPUT.HALF_BODY_PROB,
            half_body_min_keypoints=cfg.INPUT.HALF_BODY_MIN_KEYPOINTS,
        )
        return {**args, "flip_indices": skeleton.flip_indices, "augmentation": augmentation}

    def records(self, image_records: list[dict], dataset_name: str) -> list[dict]:
        """Expand image records to the person records that are this mapper's samples.

        Raises:
            InputError: no people, no such boxes, or a detection file that does not fit.
        """
        if self.person_boxes in ANNOTATED_BOXES:
            return self._annotated_people(image_records, dataset_name)
        json_file = self._detection_file(dataset_name)
        image_ids = [image["image_id"] for image in image_records]
        people = detected_people(
            image_records, load_person_detections(json_file, image_ids, self.min_box_score)
        )
        if not people:
            raise InputError(
                f"Detection file {json_file} has no person box with a score of at least "
                f"{self.min_box_score} (INPUT.PERSON_BOX_MIN_SCORE)."
            )
        return people

    def records_of_image(
        self, image: dict, boxes: np.ndarray | None, box_scores: np.ndarray | None
    ) -> list[dict]:
        """Return the records of one image that is at hand, one for each box.

        Args:
            image: ``file_name, image_id, decoded_image``.
            boxes: (N, 4) x1, y1, x2, y2, image pixels; None: the whole image is one.
            box_scores: (N,); None: 1 for each.
        """
        if boxes is None:
            height, width = image["decoded_image"].shape[:2]
            boxes = np.array([[0, 0, width, height]], np.float64)
        if box_scores is None:
            box_scores = np.ones(len(boxes))
        return given_people(image, boxes, box_scores)

    def _annotated_people(self, image_records: list[dict], dataset_name: str) -> list[dict]:
        box = ANNOTATED_BOXES[self.person_boxes]
        if not all(box in person for image in image_records for person in image["annotations"]):
            raise InputError(
                f"INPUT.PERSON_BOXES is {self.person_boxes}, but the annotations of the data set "
                f"'{dataset_name}' have no such boxes."
            )
        find_people = evaluated_people if self.augmentation is None else labelled_people
        people = find_people(image_records, box)
        if not people:
            raise InputError(
                f"Data set '{dataset_name}' has no people to use: none has a labelled keypoint and "
                "a box (crowds aside)."
            )
        return people

    def _detection_file(self, dataset_name: str) -> str:
        if self.person_boxes != DETECTOR:
            return self.person_boxes
        json_file = MetadataCatalog.get(dataset_name).person_detections_file
        if not json_file:
            raise InputError(
                f"Data set '{dataset_name}' has no detector boxes of its own: give the path of a "
                "detection file as INPUT.PERSON_BOXES."
            )
        return json_file

    def __call__(self, record: dict) -> dict:
        rng = self._worker.rng()
        keypoints = record.get("keypoints")
        height, width = self.crop_size
        plan = CropPlan(box_to_region(record["bbox"], width / height, self.box_padding), 0.0, False)
        if self.augmentation is not None:
            plan = self.augmentation(plan.region, keypoints, rng)
        image_to_crop, crop_to_image = crop_affines(plan.region, self.crop_size, *plan[1:])
        image = self._reader.read_record(record)
        crop = warp_image(image, crop_to_image, self.crop_size)
        sample = {
            "image": image_to_tensor(crop, self.channel_order),
            "crop_to_image": crop_to_image,
            "file_name": record["file_name"],
            "image_id": record["image_id"],
            "annotation_id": record["annotation_id"],
            "box_score": record["box_score"],
            "person_box": record["bbox"],
            "height": image.shape[0],
            "width": image.shape[1],
        }
        if keypoints is not None:
            moved = move_keypoints(
                keypoints, image_to_crop, self.flip_indices if plan.flip else None
            )
            sample["keypoints"] = torch.from_numpy(moved)
        return sample
