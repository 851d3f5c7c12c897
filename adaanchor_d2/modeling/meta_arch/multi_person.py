"""What the meta-architectures for everybody in an image share.

B images, K keypoint types, P people of an image.
"""

import torch.nn.functional as F
from detectron2.config import CfgNode
from detectron2.structures import ImageList
from torch import Tensor, nn

from ...errors import InputError
from ..anchors import KeypointTargets
from ..backbone import size_divisor
from ..decoders import LocatedKeypoints
from .base import PoseModel
from .people_targets import PeopleTargets
from .results import drop_padding


class MultiPersonPose(PoseModel):
    """Base of the models that see whole images: input, targets, and what is supervised.

    Beside what :class:`PoseModel` asks for, each offers ``decode(maps, image_sizes,
    batched_inputs)``, the results of images with such maps; sizes are (height, width) without
    padding. Every type is supervised at every candidate, in images without people too, except where
    ``ignore_mask`` or padding covers more than half of the candidate's cell.
    """

    mapper = "WholeImageMapper"

    def __init__(self, **parts) -> None:
        """
        Args:
            parts: see :class:`PoseModel`.
        """
        super().__init__(**parts)
        self.size_divisor = size_divisor(self.backbone, self.neck)

    @classmethod
    def from_config(cls, cfg: CfgNode) -> dict:
        parts = super().from_config(cfg)
        _check(cfg, cls.__name__, parts["head"])
        return parts

    def forward(self, batched_inputs: list[dict]) -> dict[str, Tensor] | list[dict]:
        """
        Args:
            batched_inputs: samples of ``WholeImageMapper``: ``image`` (3, H, W) uint8, and for
                training ``people_keypoints`` (P, K, 3) in input pixels and ``ignore_mask`` (H, W);
                for inference ``crop_to_image`` (2, 3), ``height``, ``width``.

        Returns:
            In training the losses. Otherwise one dict per image, in pixels of the original image:
            ``instances``, see ``pose_instances``; ``keypoints`` (M, 4), every located keypoint
            before grouping: x, y, score, type; and where more thresholds are asked for
            ``instances_by_gamma`` and ``keypoints_by_gamma``, the same for each. Images of
            different padded sizes are predicted one after the other, so that none depends on its
            batch.
        """
        if self.training:
            images = self.preprocess_images(batched_inputs)
            return self.losses(self.dense_maps(images.tensor), batched_inputs)
        results: list[dict] = [{}] * len(batched_inputs)
        for rows in self._rows_by_size(batched_inputs):
            samples = [batched_inputs[row] for row in rows]
            images = self.preprocess_images(samples)
            decoded = self.decode(self.dense_maps(images.tensor), images.image_sizes, samples)
            for row, result in zip(rows, decoded, strict=True):
                results[row] = result
        return self.calibrate(results)

    def _rows_by_size(self, batched_inputs: list[dict]) -> list[list[int]]:
        """The numbers of the images of each padded size."""
        rows: dict[tuple[int, ...], list[int]] = {}
        for row, sample in enumerate(batched_inputs):
            steps = (-(-side // self.size_divisor) for side in sample["image"].shape[-2:])
            rows.setdefault(tuple(steps), []).append(row)
        return list(rows.values())

    def preprocess_images(self, batched_inputs: list[dict]) -> ImageList:
        """Return normalized images, padded to one size that the network can see."""
        images = [self.normalize(sample["image"]) for sample in batched_inputs]
        images = ImageList.from_tensors(images, self.size_divisor)
        images.tensor = images.tensor.contiguous(memory_format=self.memory_format)
        return images

    def people_targets(self, batched_inputs: list[dict]) -> PeopleTargets:
        """Return the people who show a labelled keypoint in their image, on the CPU.

        Their keypoints outside the image are targets too.
        """
        shown = [_shown_people(sample) for sample in batched_inputs]
        return PeopleTargets.of(shown, self.head.stride)

    def keypoint_targets(self, batched_inputs: list[dict]) -> KeypointTargets:
        """Return the labelled keypoints of :meth:`people_targets`."""
        targets = self.people_targets(batched_inputs).keypoints()
        return targets.to(self.device, self.pixel_mean.dtype)

    def locate_many(self, head_maps, images: ImageList) -> LocatedKeypoints:
        """Return what the head locates in the images at the model's gamma, on the CPU."""
        decoder = self.decoder
        located = self.head.inference_many(head_maps, decoder.gamma, decoder.max_people)
        drop_padding(located, images.image_sizes)
        return located

    def supervised(self, batched_inputs: list[dict]) -> Tensor:
        """Return (B, 1, H, W) bool, where candidates are supervised, on the head's map."""
        ignored = [sample["ignore_mask"].to(self.device).float() for sample in batched_inputs]
        ignored = ImageList.from_tensors(ignored, self.size_divisor, pad_value=1.0).tensor
        return F.avg_pool2d(ignored[:, None], self.head.stride) <= 0.5


def decoding_thresholds(cfg: CfgNode) -> dict:
    """The decoders' arguments that all multi-person models share."""
    return {
        "gamma": cfg.MODEL.KEYPOINT_HEAD.GAMMA,
        "gammas": cfg.TEST.GAMMAS,
        "max_people": cfg.MODEL.MAX_PEOPLE,
    }


def _check(cfg: CfgNode, model_name: str, head: nn.Module) -> None:
    """Raise InputError for what a multi-person model cannot do."""
    if cfg.TEST.FLIP:
        raise InputError(f"TEST.FLIP is not offered by {model_name}: set it False.")
    if not hasattr(head, "inference_many"):
        raise InputError(
            f"MODEL.KEYPOINT_HEAD.NAME {cfg.MODEL.KEYPOINT_HEAD.NAME} locates one keypoint per "
            f"type: it does not serve {model_name}."
        )
    for gamma in (cfg.MODEL.KEYPOINT_HEAD.GAMMA, *cfg.TEST.GAMMAS):
        if not isinstance(gamma, (int, float)) or not 0 < gamma < 1:
            raise InputError(
                "MODEL.KEYPOINT_HEAD.GAMMA and all of TEST.GAMMAS must be numbers between 0 and 1, "
                f"but one is {gamma!r}."
            )
    for gamma in cfg.TEST.GAMMAS:
        if list(cfg.TEST.GAMMAS).count(gamma) > 1:
            raise InputError(f"TEST.GAMMAS names {gamma} more than once.")
    if cfg.MODEL.MAX_PEOPLE < 1:
        raise InputError(f"MODEL.MAX_PEOPLE is {cfg.MODEL.MAX_PEOPLE}, but must be at least 1.")


def _shown_people(sample: dict) -> Tensor:
    """Those of ``people_keypoints`` with a labelled keypoint inside the image."""
    people = sample["people_keypoints"]
    height, width = sample["image"].shape[-2:]
    size = people.new_tensor([width, height])
    inside = ((people[..., :2] >= 0) & (people[..., :2] < size)).all(dim=2)
    return people[(inside & (people[..., 2] > 0)).any(dim=1)]
