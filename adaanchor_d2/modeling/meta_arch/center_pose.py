"""Everybody's pose in a single stage: centres are located, and the poses regressed from them.

B images, K keypoint types, P people of an image.
"""

from detectron2.config import CfgNode, configurable
from detectron2.layers import ShapeSpec
from detectron2.modeling import META_ARCH_REGISTRY
from torch import Tensor, nn

from ...errors import InputError
from ..heads import (
    CenterTrunk,
    build_center_head,
    build_keypoint_heatmaps,
    build_pose_offset_head,
)
from .center_decoder import CenterDecoder, CenterMaps
from .head_view import HeadView
from .multi_person import MultiPersonPose, decoding_thresholds
from .people_targets import PeopleTargets
from .scoring import build_scoring_net


@META_ARCH_REGISTRY.register()
class CenterPose(MultiPersonPose):
    """DEKR and CenterNet with any anchor rule for the centres (section 5.2).

    The head locates one type, the person's centre: the mean of its labelled keypoints, wherever it
    lies. A pose is the offsets from the centre to all keypoints, supervised at the anchors
    that the head's rule selects.
    """

    @configurable
    def __init__(
        self,
        *,
        trunk: nn.Module,
        pose_head: nn.Module,
        keypoint_head: nn.Module | None = None,
        keypoint_loss_weight: float = 1.0,
        offset_radius: float = 0.0,
        decoding: dict | None = None,
        **parts,
    ) -> None:
        """
        Args:
            trunk: from the neck's map to what ``head`` and ``keypoint_head`` read.
            pose_head: pose offsets from the neck's map.
            keypoint_head: keypoint heatmaps, an auxiliary loss and the signal for rescoring.
            keypoint_loss_weight: of that loss.
            offset_radius: candidates this near to an anchor (stride units, in a square) learn pose
                offsets too.
            decoding: keyword arguments of :class:`CenterDecoder`.
            parts: see :class:`MultiPersonPose`; ``head`` locates centres.
        """
        super().__init__(**parts)
        self.trunk = trunk
        self.pose_head = pose_head
        self.keypoint_head = keypoint_head
        self.keypoint_loss_weight = keypoint_loss_weight
        self.offset_radius = offset_radius
        self.decoder = CenterDecoder(self.head, keypoint_head, **(decoding or {}))
        self.to(memory_format=self.memory_format)

    @classmethod
    def from_config(cls, cfg: CfgNode) -> dict:
        _check(cfg)
        return {
            **super().from_config(cfg),
            "keypoint_loss_weight": cfg.MODEL.CENTER.KEYPOINT_LOSS_WEIGHT,
            "offset_radius": cfg.MODEL.CENTER.OFFSET_RADIUS,
            "decoding": {
                **decoding_thresholds(cfg),
                "nms_threshold": cfg.TEST.POSE_NMS_THRESHOLD,
                "nms_num_keypoints": cfg.TEST.POSE_NMS_NUM_KEYPOINTS,
                "rescores": cfg.TEST.RESCORE,
                "scoring_net": build_scoring_net(cfg),
            },
        }

    @classmethod
    def build_heads(cls, cfg: CfgNode, input_shape: ShapeSpec) -> dict[str, nn.Module]:
        trunk = CenterTrunk(cfg, input_shape)
        return {
            "trunk": trunk,
            "head": build_center_head(cfg, trunk.output_shape()),
            "keypoint_head": build_keypoint_heatmaps(cfg, trunk.output_shape()),
            "pose_head": build_pose_offset_head(cfg, input_shape),
        }

    def dense_maps(self, images: Tensor) -> CenterMaps:
        features = self.neck(self.backbone(images))
        trunk = self.trunk(features)
        heatmaps = None if self.keypoint_head is None else self.keypoint_head.predict(trunk)
        return CenterMaps(self.head.predict(trunk), self.pose_head.predict(features), heatmaps)

    def named_maps(self, maps: CenterMaps) -> dict[str, Tensor]:
        centers = self.head.named_maps(maps.centers)
        named = {f"center_{name}": values for name, values in centers.items()}
        named["pose_offsets"] = maps.offsets
        if maps.heatmaps is not None:
            named["keypoint_heatmaps"] = maps.heatmaps
        return named

    def view_head(self, sample: dict) -> HeadView:
        """What is located before duplicates are removed: centres, and the poses from there."""
        images = self.preprocess_images([sample])
        maps = self.dense_maps(images.tensor)
        centers = self.people_targets([sample]).centers().to(self.device, self.pixel_mean.dtype)
        located = self.locate_many(maps.centers, images)
        poses = self.decoder.pose_xy(maps, located)[0]
        return HeadView(maps.centers, centers, located, tuple(images.tensor.shape[-2:]), poses)

    def decode(
        self, maps: CenterMaps, image_sizes: list[tuple[int, int]], batched_inputs: list[dict]
    ) -> list[dict]:
        """Return the results of images, each keypoint with its person's anchor; ``keypoints`` are
        all keypoints of these people.
        """
        return self.decoder(maps, image_sizes, batched_inputs)

    def losses(self, maps: CenterMaps, batched_inputs: list[dict]) -> dict[str, Tensor]:
        people = self.people_targets(batched_inputs).to(self.device, self.pixel_mean.dtype)
        supervised = self.supervised(batched_inputs)
        centers = people.centers()
        assignment = self.head.assign(maps.centers, centers)
        supervision = people.pose_supervision(
            assignment, maps.offsets.shape[-2:], self.offset_radius, self.head.place
        )
        return {
            **self.head.losses(maps.centers, centers, assignment, supervised),
            **self.pose_head.losses(maps.offsets, supervision),
            **self._keypoint_losses(maps.heatmaps, people, supervised),
        }

    def _keypoint_losses(
        self, heatmaps: Tensor | None, people: PeopleTargets, supervised: Tensor
    ) -> dict[str, Tensor]:
        """Return the losses of the keypoint heatmaps, named ``..._keypoint``."""
        if self.keypoint_head is None:
            return {}
        targets = people.keypoints()
        assignment = self.keypoint_head.label(heatmaps, targets)
        losses = self.keypoint_head.losses(heatmaps, targets, assignment, supervised)
        return {f"{name}_keypoint": self.keypoint_loss_weight * losses[name] for name in losses}


def _check(cfg: CfgNode) -> None:
    """Raise InputError for values that single-stage models cannot work with."""
    for key in ("OFFSET_RADIUS", "OFFSET_LOSS_WEIGHT", "KEYPOINT_LOSS_WEIGHT"):
        if cfg.MODEL.CENTER[key] < 0:
            raise InputError(
                f"MODEL.CENTER.{key} is {cfg.MODEL.CENTER[key]}, but must not be negative."
            )
    for key in ("POSE_NMS_THRESHOLD", "POSE_NMS_NUM_KEYPOINTS"):
        if cfg.TEST[key] < 0:
            raise InputError(f"TEST.{key} is {cfg.TEST[key]}, but must not be negative.")
    if cfg.TEST.RESCORE and not cfg.MODEL.CENTER.KEYPOINT_HEATMAPS:
        raise InputError(
            "TEST.RESCORE True needs MODEL.CENTER.KEYPOINT_HEATMAPS True: set one to the other."
        )
