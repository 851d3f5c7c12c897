"""Everybody's keypoints from one image: located for all at once, tagged, grouped into people.

B images, K keypoint types, M located keypoints per type, N people of an image.
"""

import torch
import torch.nn.functional as F
from detectron2.config import CfgNode, configurable
from detectron2.modeling import META_ARCH_REGISTRY
from detectron2.structures import ImageList
from torch import Tensor

from ...errors import InputError
from ..anchors import KeypointTargets
from ..backbone import size_divisor
from .base import PoseModel
from .people import located_keypoints, people_instances
from .taggers import Tagger, build_tagger


@META_ARCH_REGISTRY.register()
class BottomUpPose(PoseModel):
    """Bottom-up multi-person pose with Associative Embedding (section 5.1).

    Every type is supervised at every candidate, in images without people too, except where
    ``ignore_mask`` or padding covers more than half of the candidate's cell.
    """

    has_tagger = True

    @configurable
    def __init__(
        self,
        *,
        tagger: Tagger,
        gamma: float = 0.1,
        gammas: tuple[float, ...] = (),
        max_people: int = 30,
        **kwargs,
    ) -> None:
        """
        Args:
            tagger: where tags come from.
            gamma: keypoints with a lower confidence are no results.
            gammas: further thresholds at which the same maps are decoded.
            max_people: of an image; also the most candidates of a type.
            kwargs: see :class:`PoseModel`.
        """
        super().__init__(**kwargs)
        self.tagger = tagger
        self.gamma = gamma
        self.gammas = gammas
        self.max_people = max_people
        self.size_divisor = size_divisor(self.backbone, self.neck)
        self.to(memory_format=self.memory_format)

    @classmethod
    def from_config(cls, cfg: CfgNode) -> dict:
        if cfg.TEST.FLIP:
            raise InputError("TEST.FLIP is not offered by BottomUpPose: set it False.")
        arguments = super().from_config(cfg)
        gammas = (cfg.MODEL.KEYPOINT_HEAD.GAMMA, *cfg.TEST.GAMMAS)
        if not all(0 < gamma < 1 for gamma in gammas):
            raise InputError(
                "MODEL.KEYPOINT_HEAD.GAMMA and TEST.GAMMAS must lie between 0 and 1, but are "
                f"{', '.join(map(str, gammas))}."
            )
        return {
            **arguments,
            "tagger": build_tagger(cfg, arguments["neck"].output_shape()),
            "gamma": gammas[0],
            "gammas": gammas[1:],
            "max_people": cfg.MODEL.MAX_PEOPLE,
        }

    def forward(self, batched_inputs: list[dict]) -> dict[str, Tensor] | list[dict]:
        """
        Args:
            batched_inputs: samples of ``WholeImageMapper``: ``image`` (3, H, W) uint8, and for
                training ``people_keypoints`` (P, K, 3) in input pixels and ``ignore_mask`` (H, W);
                for inference ``crop_to_image`` (2, 3), ``height``, ``width``.

        Returns:
            In training the losses. Otherwise one dict per image, in pixels of the original image:
            ``instances``, see :func:`people_instances`; ``keypoints`` (M, 4), every located
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

        def decode(gamma: float) -> list[tuple]:
            return self.inference(maps, tag_maps, gamma, images.image_sizes, batched_inputs)

        results = [
            {"instances": instances, "keypoints": keypoints}
            for instances, keypoints in decode(self.gamma)
        ]
        if self.gammas:
            for result in results:
                result.update(instances_by_gamma={}, keypoints_by_gamma={})
        for gamma in self.gammas:
            for result, (instances, keypoints) in zip(results, decode(gamma), strict=True):
                result["instances_by_gamma"][gamma] = instances
                result["keypoints_by_gamma"][gamma] = keypoints
        return results

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

    def inference(
        self,
        maps,
        tag_maps: Tensor | None,
        gamma: float,
        image_sizes: list[tuple[int, int]],
        batched_inputs: list[dict],
    ) -> list[tuple]:
        """Decode maps at one threshold; return (instances, keypoints) per image.

        Keypoints whose anchor lies in the padding are left out.
        """
        located = self.head.inference_many(maps, gamma, self.max_people)
        tags = self.tagger.sample(tag_maps, located.xy, batched_inputs)
        size = located.xy.new_tensor(image_sizes).flip(1)[:, None, None]
        located.valid &= (located.anchor_xy < size).all(dim=3)
        results = []
        for index, sample in enumerate(batched_inputs):
            image = located_keypoints(located, index, sample["crop_to_image"])
            instances = people_instances(
                image, tags[index].cpu(), self.max_people, (sample["height"], sample["width"])
            )
            results.append((instances, image.rows()))
        return results


def _shown_people(sample: dict) -> Tensor:
    """Those of ``people_keypoints`` with a labelled keypoint inside the image."""
    people = sample["people_keypoints"]
    height, width = sample["image"].shape[-2:]
    size = people.new_tensor([width, height])
    inside = ((people[..., :2] >= 0) & (people[..., :2] < size)).all(dim=2)
    return people[(inside & (people[..., 2] > 0)).any(dim=1)]
