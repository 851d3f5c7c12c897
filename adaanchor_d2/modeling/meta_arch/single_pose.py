"""One person's keypoints from one crop.

B samples, K keypoint types.
"""

import numpy as np
import torch
from detectron2.config import CfgNode, configurable
from detectron2.modeling import META_ARCH_REGISTRY, Backbone
from detectron2.structures import Boxes, Instances
from torch import Tensor, nn

from ..anchors import KeypointTargets
from ..backbone import build_checked_backbone, build_neck, check_crop_size
from ..decoders import LocatedKeypoints
from ..heads import build_keypoint_head


@META_ARCH_REGISTRY.register()
class SinglePose(nn.Module):
    """Top-down pose, faces, or anything with one target per keypoint type and sample."""

    @configurable
    def __init__(
        self,
        *,
        backbone: Backbone,
        neck: nn.Module,
        head: nn.Module,
        pixel_mean: list[float],
        pixel_std: list[float],
        channels_last: bool = False,
    ) -> None:
        """
        Args:
            backbone, neck, head: see their registries; the neck's map has the head's input shape.
            pixel_mean, pixel_std: per channel, in the order of the images.
            channels_last: NHWC memory order for weights and images.
        """
        super().__init__()
        self.backbone = backbone
        self.neck = neck
        self.head = head
        for name, values in (("pixel_mean", pixel_mean), ("pixel_std", pixel_std)):
            values = torch.tensor(values, dtype=torch.float32).view(-1, 1, 1)
            self.register_buffer(name, values, persistent=False)
        self.memory_format = torch.channels_last if channels_last else torch.contiguous_format
        self.to(memory_format=self.memory_format)

    @classmethod
    def from_config(cls, cfg: CfgNode) -> dict:
        backbone = build_checked_backbone(cfg)
        neck = build_neck(cfg, backbone.output_shape())
        check_crop_size(cfg, backbone, neck)
        return {
            "backbone": backbone,
            "neck": neck,
            "head": build_keypoint_head(cfg, neck.output_shape()),
            "pixel_mean": cfg.MODEL.PIXEL_MEAN,
            "pixel_std": cfg.MODEL.PIXEL_STD,
            "channels_last": cfg.MODEL.CHANNELS_LAST,
        }

    @property
    def device(self) -> torch.device:
        return self.pixel_mean.device

    def forward(self, batched_inputs: list[dict]) -> dict[str, Tensor] | list[dict]:
        """
        Args:
            batched_inputs: samples of ``PersonCropMapper``: ``image`` (3, H, W) uint8, and for
                training ``keypoints`` (K, 3) in crop pixels; for inference ``crop_to_image``
                (2, 3), ``person_box``, ``box_score``, ``height``, ``width``.

        Returns:
            In training the losses. Otherwise one ``{"instances": Instances}`` per sample with one
            person in pixels of the original image: ``pred_keypoints`` (1, K, 3), x, y, score;
            ``pred_keypoint_anchors`` (1, K, 2); ``scores`` (1,) the box score; ``pred_boxes``.
        """
        images = self.preprocess_images(batched_inputs)
        features = self.neck(self.backbone(images))
        if self.training:
            return self.head(features, *self.keypoint_targets(batched_inputs))
        located = self.head.inference(self.head.predict(features))
        return self.postprocess(located, batched_inputs)

    def preprocess_images(self, batched_inputs: list[dict]) -> Tensor:
        """Return normalized images (B, 3, H, W) on the model's device."""
        images = torch.stack([sample["image"] for sample in batched_inputs])
        images = images.to(self.device, non_blocking=True).to(self.pixel_mean.dtype)
        images = (images - self.pixel_mean) / self.pixel_std
        return images.contiguous(memory_format=self.memory_format)

    def keypoint_targets(self, batched_inputs: list[dict]) -> tuple[KeypointTargets, Tensor]:
        """Return the labelled keypoints, and supervised (B, K, 1, 1): types with a label.

        Keypoints outside the crop are targets too.
        """
        keypoints = torch.stack([sample["keypoints"] for sample in batched_inputs])
        labelled = keypoints[..., 2] > 0
        image_index, type_index = labelled.nonzero(as_tuple=True)
        xy = keypoints[image_index, type_index, :2] / self.head.stride
        targets = KeypointTargets(
            xy.to(self.device, self.pixel_mean.dtype, non_blocking=True),
            image_index.to(self.device, non_blocking=True),
            type_index.to(self.device, non_blocking=True),
        )
        return targets, labelled[..., None, None].to(self.device, non_blocking=True)

    def postprocess(self, located: LocatedKeypoints, batched_inputs: list[dict]) -> list[dict]:
        """Bring results from crop pixels to pixels of the original images."""
        crop_to_image = np.stack([sample["crop_to_image"] for sample in batched_inputs])
        crop_to_image = torch.from_numpy(crop_to_image)[:, None]
        xy = _transform(located.xy[:, :, 0].double().cpu(), crop_to_image)
        anchors = _transform(located.anchor_xy[:, :, 0].double().cpu(), crop_to_image)
        score = located.score[:, :, 0].double().cpu()
        keypoints = torch.cat((xy, score[..., None]), dim=2).float()
        anchors = anchors.float()
        results = []
        for index, sample in enumerate(batched_inputs):
            instances = Instances((sample["height"], sample["width"]))
            instances.pred_keypoints = keypoints[index : index + 1]
            instances.pred_keypoint_anchors = anchors[index : index + 1]
            instances.scores = torch.tensor([sample["box_score"]], dtype=torch.float32)
            instances.pred_boxes = Boxes(torch.tensor([sample["person_box"]], dtype=torch.float32))
            results.append({"instances": instances})
        return results


def _transform(xy: Tensor, matrix: Tensor) -> Tensor:
    """Apply affine matrices (B, 1, 2, 3) to points (B, K, 2)."""
    return (matrix[..., :2] @ xy[..., None])[..., 0] + matrix[..., 2]
