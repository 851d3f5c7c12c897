"""Everybody's keypoints from one image: located for all at once, tagged, grouped into people.

B images, K keypoint types, M located keypoints per type, N people of an image.
"""

import torch
import torch.nn.functional as F
from detectron2.config import CfgNode, configurable
from detectron2.modeling import META_ARCH_REGISTRY
from detectron2.structures import ImageList
from torch import Tensor, nn

from ...errors import InputError
from ..anchors import KeypointTargets
from ..backbone import size_divisor
from .base import PoseModel
from .bottom_up_decoder import BottomUpDecoder
from .taggers import Tagger, build_tagger


@META_ARCH_REGISTRY.register()
class BottomUpPose(PoseModel):
    """Bottom-up multi-person pose with Associative Embedding (section 5.1).

    Every type is supervised at every candidate, in images without people too, except where
    ``ignore_mask`` or padding covers more than half of the candidate's cell.
    """

    has_tagger = True

    @configurable
    def __init__(self, *, tagger: Tagger, decoding: dict | None = None, **parts) -> None:
        """
        Args:
            tagger: where tags come from.
            decoding: keyword arguments of :class:`BottomUpDecoder`.
            parts: see :class:`PoseModel`.
        """
        super().__init__(**parts)
        self.tagger = tagger.to(memory_format=self.memory_format)
        self.decoder = BottomUpDecoder(self.head, tagger, **(decoding or {}))
        self.size_divisor = size_divisor(self.backbone, self.neck)

    @classmethod
    def from_config(cls, cfg: CfgNode) -> dict:
        parts = super().from_config(cfg)
        _check(cfg, parts["head"])
        return {
            **parts,
            "tagger": build_tagger(cfg, parts["neck"].output_shape()),
            "decoding": {
                "gamma": cfg.MODEL.KEYPOINT_HEAD.GAMMA,
                "gammas": cfg.TEST.GAMMAS,
                "max_people": cfg.MODEL.MAX_PEOPLE,
                "joint_order": cfg.MODEL.TAG.JOINT_ORDER or None,
                "fills_missing": cfg.TEST.FILL_MISSING,
            },
        }

    def forward(self, batched_inputs: list[dict]) -> dict[str, Tensor] | list[dict]:
        """
        Args:
            batched_inputs: samples of ``WholeImageMapper``: ``image`` (3, H, W) uint8, and for
                training ``people_keypoints`` (P, K, 3) in input pixels and ``ignore_mask`` (H, W);
                for inference ``crop_to_image`` (2, 3), ``height``, ``width``.

        Returns:
            In training the losses. Otherwise one dict per image, in pixels of the original image:
            ``instances``, see ``people_instances``; ``keypoints`` (M, 4), every located
            keypoint before grouping: x, y, score, type; and where more thresholds are asked for
            ``instances_by_gamma`` and ``keypoints_by_gamma``, the same for each.
        """
        images = self.preprocess_images(batched_inputs)
        features, tag_maps = self.tagged_features(images.tensor)
        if self.training:
            targets = self.keypoint_targets(batched_inputs)
            losses = self.head(features, targets, self.supervised(batched_inputs))
            return {**losses, **self.tagger.losses(tag_maps, targets)}
        maps = self.head.predict(features)
        return self.decoder(maps, tag_maps, images.image_sizes, batched_inputs)

    def preprocess_images(self, batched_inputs: list[dict]) -> ImageList:
        """Return normalized images, padded to one size that the network can see."""
        images = [self.normalize(sample["image"]) for sample in batched_inputs]
        images = ImageList.from_tensors(images, self.size_divisor)
        images.tensor = images.tensor.contiguous(memory_format=self.memory_format)
        return images

    def tagged_features(self, images: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return the features that the head reads, and tag maps where they serve for something."""
        features = self.neck(self.backbone(images))
        if self.training and not self.tagger.is_trained:
            return features, None
        tag_maps = self.tagger.predict(images, features)
        if self.head.reads_tags:
            features = torch.cat((features, tag_maps), dim=1)
        return features, tag_maps

    def keypoint_targets(self, batched_inputs: list[dict]) -> KeypointTargets:
        """Return the labelled keypoints of the people who show at least one in the image.

        Such a person's keypoints outside the image are targets too.
        """
        shown = [_shown_people(sample) for sample in batched_inputs]
        image_of_person = torch.tensor([i for i, people in enumerate(shown) for _ in people]).long()
        number_of_person = torch.tensor([n for people in shown for n in range(len(people))]).long()
        people = torch.cat(shown)
        person, type_index = (people[..., 2] > 0).nonzero(as_tuple=True)
        xy = people[person, type_index, :2] / self.head.stride
        return KeypointTargets(
            xy.to(self.device, self.pixel_mean.dtype, non_blocking=True),
            image_of_person[person].to(self.device, non_blocking=True),
            type_index.to(self.device, non_blocking=True),
            number_of_person[person].to(self.device, non_blocking=True),
        )

    def supervised(self, batched_inputs: list[dict]) -> Tensor:
        """Return (B, 1, H, W) bool, where candidates are supervised, on the head's map."""
        ignored = [sample["ignore_mask"].to(self.device).float() for sample in batched_inputs]
        ignored = ImageList.from_tensors(ignored, self.size_divisor, pad_value=1.0).tensor
        return F.avg_pool2d(ignored[:, None], self.head.stride) <= 0.5


def _check(cfg: CfgNode, head: nn.Module) -> None:
    """Raise InputError for what a bottom-up model cannot do."""
    if cfg.TEST.FLIP:
        raise InputError("TEST.FLIP is not offered by BottomUpPose: set it False.")
    name, num_types = cfg.MODEL.KEYPOINT_HEAD.NAME, cfg.MODEL.KEYPOINT_HEAD.NUM_KEYPOINTS
    if not hasattr(head, "inference_many"):
        raise InputError(
            f"MODEL.KEYPOINT_HEAD.NAME {name} locates one keypoint per type: it does not serve "
            "BottomUpPose."
        )
    for gamma in (cfg.MODEL.KEYPOINT_HEAD.GAMMA, *cfg.TEST.GAMMAS):
        if not 0 < gamma < 1:
            raise InputError(
                "MODEL.KEYPOINT_HEAD.GAMMA and TEST.GAMMAS must lie between 0 and 1, "
                f"not at {gamma}."
            )
    if cfg.MODEL.MAX_PEOPLE < 1:
        raise InputError(f"MODEL.MAX_PEOPLE is {cfg.MODEL.MAX_PEOPLE}, but must be at least 1.")
    order = cfg.MODEL.TAG.JOINT_ORDER
    if order and sorted(order) != list(range(num_types)):
        raise InputError(
            f"MODEL.TAG.JOINT_ORDER {tuple(order)} must name each of the {num_types} keypoint "
            "types once."
        )


def _shown_people(sample: dict) -> Tensor:
    """Those of ``people_keypoints`` with a labelled keypoint inside the image."""
    people = sample["people_keypoints"]
    height, width = sample["image"].shape[-2:]
    size = people.new_tensor([width, height])
    inside = ((people[..., :2] >= 0) & (people[..., :2] < size)).all(dim=2)
    return people[(inside & (people[..., 2] > 0)).any(dim=1)]
