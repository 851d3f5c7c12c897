"""From the located and tagged keypoints of an image to its people, in pixels of the image."""

from dataclasses import dataclass

import numpy as np
import torch
from detectron2.structures import Boxes, Instances
from torch import Tensor

from ..decoders import LocatedKeypoints
from ..decoders.grouping import group_by_tags
from .base import transform_points


@dataclass
class ImageKeypoints:
    """What was located in one image, on the CPU; pixels of the original image.

    Attributes:
        xy, anchor_xy: (K, M, 2).
        score: (K, M).
        valid: (K, M) bool.
    """

    xy: Tensor
    anchor_xy: Tensor
    score: Tensor
    valid: Tensor

    def rows(self) -> Tensor:
        """Return (V, 4) float32, one row per valid keypoint: x, y, score, type."""
        kind, slot = self.valid.nonzero(as_tuple=True)
        columns = (self.xy[kind, slot], self.score[kind, slot, None], kind[:, None])
        return torch.cat([column.float() for column in columns], dim=1)


def located_keypoints(
    located: LocatedKeypoints, index: int, crop_to_image: np.ndarray
) -> ImageKeypoints:
    """Bring what was located in image ``index`` of a batch to pixels of the original image.

    Args:
        crop_to_image: (2, 3), from input pixels.
    """
    matrix = torch.as_tensor(crop_to_image, dtype=torch.float64)
    return ImageKeypoints(
        transform_points(located.xy[index].double().cpu(), matrix),
        transform_points(located.anchor_xy[index].double().cpu(), matrix),
        located.score[index].double().cpu(),
        located.valid[index].cpu(),
    )


def people_instances(
    image: ImageKeypoints, tags: Tensor, max_people: int, image_size: tuple[int, int]
) -> Instances:
    """Group the keypoints of an image into people.

    Args:
        tags: (K, M).
        image_size: (height, width) of the original image.

    Returns:
        N people: ``pred_keypoints`` (N, K, 3), x, y, score; ``pred_keypoint_anchors`` (N, K, 2);
        ``scores`` (N,), the mean keypoint score over all K types; ``pred_boxes``, around the
        located keypoints. A keypoint that was not located has score 0 and lies, like its anchor,
        at the mean of the person's located ones.
    """
    people = torch.as_tensor(
        group_by_tags(image.xy, image.score, tags[..., None], image.valid, max_people=max_people)
    )
    found = people >= 0
    kinds = torch.arange(people.shape[1])
    slot = people.clamp(min=0)
    points = image.xy[kinds, slot]
    count = found.sum(dim=1).clamp(min=1)
    mean = ((points * found[..., None]).sum(dim=1) / count[:, None])[:, None]
    points = torch.where(found[..., None], points, mean)
    anchors = torch.where(found[..., None], image.anchor_xy[kinds, slot], mean)
    score = image.score[kinds, slot] * found

    instances = Instances(image_size)
    instances.pred_keypoints = torch.cat((points, score[..., None]), dim=2).float()
    instances.pred_keypoint_anchors = anchors.float()
    instances.scores = score.mean(dim=1).float()
    corners = torch.cat((points.amin(dim=1), points.amax(dim=1)), dim=1)
    instances.pred_boxes = Boxes(corners.float())
    return instances
