"""One person's keypoints from one crop.

B samples, K keypoint types.
"""

import numpy as np
import torch
from detectron2.modeling import META_ARCH_REGISTRY
from detectron2.structures import Boxes, Instances
from torch import Tensor

from ..anchors import KeypointTargets
from ..decoders import LocatedKeypoints
from .base import PoseModel, transform_lengths, transform_points
from .head_view import HeadView


@META_ARCH_REGISTRY.register()
class SinglePose(PoseModel):
    """Top-down pose, faces, or anything with one target per keypoint type and sample."""

    def forward(self, batched_inputs: list[dict]) -> dict[str, Tensor] | list[dict]:
        """
        Args:
            batched_inputs: samples of ``PersonCropMapper``: ``image`` (3, H, W) uint8, and for
                training ``keypoints`` (K, 3) in crop pixels; for inference ``crop_to_image``
                (2, 3), ``person_box``, ``box_score``, ``height``, ``width``.

        Returns:
            In training the losses. Otherwise one ``{"instances": Instances}`` per sample with one
            person in pixels of the original image: ``pred_keypoints`` (1, K, 3), x, y, score;
            ``pred_keypoint_anchors`` (1, K, 2); ``scores`` (1,) the box score; ``pred_boxes``; with
            a consensus of candidates ``pred_keypoint_spread`` (1, K).
        """
        maps = self.dense_maps(self.preprocess_images(batched_inputs))
        if self.training:
            return self.losses(maps, batched_inputs)
        return self.postprocess(self.head.inference(maps), batched_inputs)

    def preprocess_images(self, batched_inputs: list[dict]) -> Tensor:
        """Return normalized images (B, 3, H, W) on the model's device."""
        images = torch.stack([sample["image"] for sample in batched_inputs])
        return self.normalize(images).contiguous(memory_format=self.memory_format)

    def losses(self, maps, batched_inputs: list[dict]) -> dict[str, Tensor]:
        targets, supervised = self.keypoint_targets(batched_inputs)
        return self.head.losses(maps, targets, self.head.assign(maps, targets), supervised)

    def keypoint_targets(self, batched_inputs: list[dict]) -> tuple[KeypointTargets, Tensor]:
        """Return the labelled keypoints, and supervised (B, K, 1, 1): types with a label.

        Keypoints outside the crop are targets too.
        """
        keypoints = torch.stack([sample["keypoints"] for sample in batched_inputs])
        labelled = keypoints[..., 2] > 0
        image_index, type_index = labelled.nonzero(as_tuple=True)
        xy = keypoints[image_index, type_index, :2] / self.head.stride
        targets = KeypointTargets(xy, image_index, type_index)
        targets = targets.to(self.device, self.pixel_mean.dtype)
        return targets, labelled[..., None, None].to(self.device, non_blocking=True)

    def view_head(self, sample: dict) -> HeadView:
        images = self.preprocess_images([sample])
        maps = self.dense_maps(images)
        targets, _ = self.keypoint_targets([sample])
        return HeadView(maps, targets, self.head.inference(maps), tuple(images.shape[-2:]))

    def postprocess(self, located: LocatedKeypoints, batched_inputs: list[dict]) -> list[dict]:
        """Bring results from crop pixels to pixels of the original images."""
        crop_to_image = np.stack([sample["crop_to_image"] for sample in batched_inputs])
        crop_to_image = torch.from_numpy(crop_to_image)[:, None]
        xy = transform_points(located.xy[:, :, 0].double().cpu(), crop_to_image)
        anchors = transform_points(located.anchor_xy[:, :, 0].double().cpu(), crop_to_image)
        score = located.reported_score[:, :, 0].double().cpu()
        keypoints = torch.cat((xy, score[..., None]), dim=2).float()
        anchors = anchors.float()
        spread = None
        if located.spread is not None:
            spread = transform_lengths(located.spread[:, :, 0].double().cpu(), crop_to_image)
        results = []
        for index, sample in enumerate(batched_inputs):
            instances = Instances((sample["height"], sample["width"]))
            instances.pred_keypoints = keypoints[index : index + 1]
            instances.pred_keypoint_anchors = anchors[index : index + 1]
            if spread is not None:
                instances.pred_keypoint_spread = spread[index : index + 1].float()
            instances.scores = torch.tensor([sample["box_score"]], dtype=torch.float32)
            instances.pred_boxes = Boxes(torch.tensor([sample["person_box"]], dtype=torch.float32))
            results.append({"instances": instances})
        return self.calibrate(results)
