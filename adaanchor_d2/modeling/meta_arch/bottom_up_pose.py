"""Everybody's keypoints from one image: located for all at once, tagged, grouped into people.

B images, K keypoint types, M located keypoints per type, N people of an image.
"""

import torch
from detectron2.config import CfgNode, configurable
from detectron2.modeling import META_ARCH_REGISTRY
from torch import Tensor

from ...errors import InputError
from .bottom_up_decoder import BottomUpDecoder
from .head_view import HeadView
from .multi_person import MultiPersonPose, decoding_thresholds
from .taggers import Tagger, build_tagger


@META_ARCH_REGISTRY.register()
class BottomUpPose(MultiPersonPose):
    """Bottom-up multi-person pose with Associative Embedding (section 5.1)."""

    has_tagger = True

    @configurable
    def __init__(self, *, tagger: Tagger, decoding: dict | None = None, **parts) -> None:
        """
        Args:
            tagger: where tags come from.
            decoding: keyword arguments of :class:`BottomUpDecoder`.
            parts: see :class:`MultiPersonPose`.
        """
        super().__init__(**parts)
        self.tagger = tagger.to(memory_format=self.memory_format)
        self.decoder = BottomUpDecoder(self.head, tagger, **(decoding or {}))

    @classmethod
    def from_config(cls, cfg: CfgNode) -> dict:
        parts = super().from_config(cfg)
        _check_joint_order(cfg)
        _check_filling(cfg)
        return {
            **parts,
            "tagger": build_tagger(cfg, parts["neck"].output_shape()),
            "decoding": {
                **decoding_thresholds(cfg),
                "joint_order": cfg.MODEL.TAG.JOINT_ORDER or None,
                "fills_missing": cfg.TEST.FILL_MISSING,
            },
        }

    def dense_maps(self, images: Tensor) -> tuple:
        """Return the head's maps, and tag maps (B, K, H, W) where they serve for something."""
        features, tag_maps = self.tagged_features(images)
        return self.head.predict(features), tag_maps

    def named_maps(self, maps: tuple) -> dict[str, Tensor]:
        keypoint_maps, tag_maps = maps
        tags = {} if tag_maps is None else {"tags": tag_maps}
        return {**self.head.named_maps(keypoint_maps), **tags}

    def decode(
        self, maps: tuple, image_sizes: list[tuple[int, int]], batched_inputs: list[dict]
    ) -> list[dict]:
        return self.decoder(*maps, image_sizes, batched_inputs)

    def losses(self, maps: tuple, batched_inputs: list[dict]) -> dict[str, Tensor]:
        keypoint_maps, tag_maps = maps
        targets = self.keypoint_targets(batched_inputs)
        assignment = self.head.assign(keypoint_maps, targets)
        supervised = self.supervised(batched_inputs)
        losses = self.head.losses(keypoint_maps, targets, assignment, supervised)
        return {**losses, **self.tagger.losses(tag_maps, targets)}

    def view_head(self, sample: dict) -> HeadView:
        """What is located before grouping."""
        images = self.preprocess_images([sample])
        maps, _ = self.dense_maps(images.tensor)
        targets = self.keypoint_targets([sample])
        return HeadView(
            maps, targets, self.locate_many(maps, images), tuple(images.tensor.shape[-2:])
        )

    def tagged_features(self, images: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return the features that the head reads, and tag maps where they serve for something."""
        features = self.neck(self.backbone(images))
        if self.training and not self.tagger.is_trained:
            return features, None
        tag_maps = self.tagger.predict(images, features)
        if self.head.reads_tags:
            features = torch.cat((features, tag_maps), dim=1)
        return features, tag_maps


def _check_filling(cfg: CfgNode) -> None:
    if cfg.TEST.FILL_MISSING and cfg.MODEL.KEYPOINT_HEAD.CONSENSUS > 1:
        raise InputError(
            "TEST.FILL_MISSING True fills in single candidates, which have no spread: it needs "
            "MODEL.KEYPOINT_HEAD.CONSENSUS 1."
        )


def _check_joint_order(cfg: CfgNode) -> None:
    order, num_types = cfg.MODEL.TAG.JOINT_ORDER, cfg.MODEL.KEYPOINT_HEAD.NUM_KEYPOINTS
    if order and set(order) != set(range(num_types)) or len(order) not in (0, num_types):
        raise InputError(
            f"MODEL.TAG.JOINT_ORDER {tuple(order)} must name each of the {num_types} keypoint "
            "types once."
        )
