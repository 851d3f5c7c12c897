"""The tag head: one number per keypoint type and candidate, alike for the keypoints of a person."""

import torch
from detectron2.config import CfgNode, configurable
from detectron2.layers import ShapeSpec
from torch import Tensor, nn

from ..anchors import KeypointTargets
from ..anchors.geometry import sample_maps, sample_points
from ..losses import tag_losses
from .base import OnGrid


class TagHead(OnGrid):
    """Associative Embedding's tags by one 1x1 convolution, trained to agree within a person.

    Tags are read bilinearly at continuous places, in training (at the labelled keypoints) as in
    inference (at the located ones). The convolution runs in float32 under automatic mixed
    precision.
    """

    @configurable
    def __init__(
        self,
        *,
        input_shape: ShapeSpec,
        num_keypoints: int,
        pull_loss_weight: float = 1.0,
        push_loss_weight: float = 1.0,
        place: float = 0.5,
    ) -> None:
        """
        Args:
            input_shape: channels and stride of the feature map.
            num_keypoints: K.
            place: where a candidate sits in its cell, until weights bring their own.
        """
        super().__init__(place)
        self.stride = input_shape.stride
        self.pull_loss_weight = pull_loss_weight
        self.push_loss_weight = push_loss_weight
        self.predictor = nn.Conv2d(input_shape.channels, num_keypoints, kernel_size=1)
        nn.init.normal_(self.predictor.weight, std=0.001)
        nn.init.zeros_(self.predictor.bias)

    @classmethod
    def from_config(cls, cfg: CfgNode, input_shape: ShapeSpec) -> dict:
        return {
            "input_shape": input_shape,
            "num_keypoints": cfg.MODEL.KEYPOINT_HEAD.NUM_KEYPOINTS,
            "pull_loss_weight": cfg.MODEL.TAG.PULL_LOSS_WEIGHT,
            "push_loss_weight": cfg.MODEL.TAG.PUSH_LOSS_WEIGHT,
            "place": cfg.MODEL.KEYPOINT_HEAD.CELL_PLACE,
        }

    def predict(self, features: Tensor) -> Tensor:
        """Return tag maps (B, K, H, W) of features (B, C, H, W)."""
        with torch.autocast(features.device.type, enabled=False):
            return self.predictor(features.to(self.predictor.weight.dtype))

    def losses(self, maps: Tensor, targets: KeypointTargets) -> dict[str, Tensor]:
        """Pull and push losses over the targets that lie on the map; see ``tag_losses``."""
        size = targets.xy.new_tensor(maps.shape[:1:-1])
        targets = targets[((targets.xy >= 0) & (targets.xy < size)).all(dim=1)]
        map_index = targets.map_index(maps.shape[1])
        tags = sample_points(maps.flatten(0, 1), map_index, targets.xy, self.place)
        pull, push = tag_losses(tags, targets.image_index, targets.person_index, len(maps))
        return {
            "loss_tag_pull": pull * self.pull_loss_weight,
            "loss_tag_push": push * self.push_loss_weight,
        }

    def sample(self, maps: Tensor, xy: Tensor) -> Tensor:
        """Return the tags (B, K, M) at xy (B, K, M, 2), input pixels."""
        places = xy.flatten(0, 1).to(maps) / self.stride
        tags = sample_maps(maps.flatten(0, 1)[:, None], places, self.place)
        return tags[..., 0].unflatten(0, xy.shape[:2])
