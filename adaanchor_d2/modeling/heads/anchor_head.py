"""AdaAnchor's head, and FixAnchor's: one 1x1 convolution, two rules of selection."""

import torch
from detectron2.config import CfgNode, configurable
from detectron2.layers import ShapeSpec
from torch import Tensor, nn

from ...errors import InputError
from ..anchors import (
    AdaAnchorAssigner,
    AnchorMaps,
    Assignment,
    FixedAnchorAssigner,
    KeypointTargets,
)
from ..anchors.geometry import candidates_within, mirror_columns
from ..decoders import (
    LocatedKeypoints,
    locate_anchor_peak,
    locate_anchors,
    locate_many_anchor,
)
from ..losses import anchor_focal_loss, l1_offset_loss
from .base import GridHead, anchor_pixels, mean_over_processes
from .build import register_anchor_rule
from .quality import QualityOutput


class AnchorHead(GridHead):
    """Confidence, anchor offset and local offset at every candidate.

    The convolution runs in float32 under automatic mixed precision: an offset of ten strides held
    in bfloat16 is off by up to a thirtieth of a stride.
    """

    estimates_at_candidates = True

    @configurable
    def __init__(
        self,
        *,
        input_shape: ShapeSpec,
        num_keypoints: int,
        assigner: AdaAnchorAssigner | FixedAnchorAssigner,
        warmup_assigner: FixedAnchorAssigner | None = None,
        warmup_iters: int = 0,
        local_refinement: bool = True,
        local_radius: float = 2.0,
        offset_loss_weight: float = 0.15,
        local_loss_weight: float = 0.5,
        focal_alpha: float = 0.25,
        focal_gamma: float = 2.0,
        prior_prob: float = 0.01,
        place: float = 0.5,
        quality_sigma: float | None = None,
        num_consensus: int = 1,
    ) -> None:
        """
        Args:
            input_shape: channels and stride of the feature map.
            num_keypoints: K.
            assigner: the rule that selects anchors.
            warmup_assigner: the rule of the first ``warmup_iters`` optimizer iterations.
            local_refinement: predict local offsets (eq. 12).
            local_radius: candidates this near to a target learn its local offset (stride units).
            offset_loss_weight: lambda of eq. 4.
            place: where a candidate sits in its cell, until weights bring their own.
            quality_sigma: predict quality too, see :class:`QualityOutput`; None: not.
            num_consensus: candidates whose consensus an estimate is (``decoders/consensus.py``).
        """
        super().__init__(place)
        self.num_keypoints = num_keypoints
        self.stride = input_shape.stride
        self.assigner = assigner
        self.warmup_assigner = warmup_assigner
        self.warmup_iters = warmup_iters
        self.local_refinement = local_refinement
        self.local_radius = local_radius
        self.offset_loss_weight = offset_loss_weight
        self.local_loss_weight = local_loss_weight
        self.focal_alpha = focal_alpha
        self.focal_gamma = focal_gamma
        self.num_consensus = num_consensus
        self._iteration = 0

        outputs = num_keypoints * (5 if local_refinement else 3)
        self.predictor = nn.Conv2d(input_shape.channels, outputs, kernel_size=1)
        nn.init.normal_(self.predictor.weight, std=0.001)
        nn.init.zeros_(self.predictor.bias)
        prior_logit = torch.logit(torch.tensor(prior_prob)).item()
        nn.init.constant_(self.predictor.bias[:num_keypoints], prior_logit)
        self.quality = None
        if quality_sigma is not None:
            self.quality = QualityOutput(input_shape.channels, num_keypoints, quality_sigma)

    @classmethod
    def from_config(cls, cfg: CfgNode, input_shape: ShapeSpec) -> dict:
        head = cfg.MODEL.KEYPOINT_HEAD
        for key in ("NUM_ANCHORS", "SIGMA", "LOCAL_RADIUS", "QUALITY_SIGMA"):
            if head[key] <= 0:
                raise InputError(f"MODEL.KEYPOINT_HEAD.{key} must be positive, not {head[key]}.")
        if head.CONSENSUS < 1:
            raise InputError(
                f"MODEL.KEYPOINT_HEAD.CONSENSUS is {head.CONSENSUS}, but must be at least 1."
            )
        if not 0 < head.PRIOR_PROB < 1:
            raise InputError(
                f"MODEL.KEYPOINT_HEAD.PRIOR_PROB must be between 0 and 1, not {head.PRIOR_PROB}."
            )
        return {
            "input_shape": input_shape,
            "num_keypoints": head.NUM_KEYPOINTS,
            "local_refinement": head.LOCAL_REFINEMENT,
            "local_radius": head.LOCAL_RADIUS,
            "offset_loss_weight": head.OFFSET_LOSS_WEIGHT,
            "local_loss_weight": head.LOCAL_LOSS_WEIGHT,
            "focal_alpha": head.FOCAL_ALPHA,
            "focal_gamma": head.FOCAL_GAMMA,
            "prior_prob": head.PRIOR_PROB,
            "place": head.CELL_PLACE,
            "quality_sigma": head.QUALITY_SIGMA if head.QUALITY else None,
            "num_consensus": head.CONSENSUS,
        }

    def set_iteration(self, iteration: int) -> None:
        """Tell the head how many optimizer iterations are done (the trainer does, each step)."""
        self._iteration = iteration

    def predict(self, features: Tensor) -> AnchorMaps:
        """Return the maps of features (B, C, H, W)."""
        with torch.autocast(features.device.type, enabled=False):
            features = features.to(self.predictor.weight.dtype)
            output = self.predictor(features)
            quality = None if self.quality is None else self.quality(features)
        k = self.num_keypoints
        local_offsets = None
        if self.local_refinement:
            local_offsets = output[:, 3 * k :].unflatten(1, (k, 2))
        offsets = output[:, k : 3 * k].unflatten(1, (k, 2))
        return AnchorMaps(output[:, :k], offsets, local_offsets, self.place, quality)

    def named_maps(self, maps: AnchorMaps) -> dict[str, Tensor]:
        """Return the maps by their names in :class:`AnchorMaps`."""
        return {
            name: values
            for name, values in vars(maps).items()
            if isinstance(values, Tensor) and values.dim() > 0
        }

    def label(self, maps: AnchorMaps, targets: KeypointTargets) -> Assignment:
        """Select the anchors of all targets, without gradient; warm-up is for training mode."""
        warming_up = self.training and self._iteration < self.warmup_iters
        return (self.warmup_assigner if warming_up else self.assigner)(maps, targets)

    def losses(
        self,
        maps: AnchorMaps,
        targets: KeypointTargets,
        assignment: Assignment,
        supervised: Tensor,
    ) -> dict[str, Tensor]:
        """Eq. 4, the local loss, and that of the quality output.

        Confidence and offset losses are divided by A times the number of targets, the local loss by
        the number of candidates it is taken at; see ``mean_over_processes``.
        """
        logits = maps.confidence_logits
        num_candidates = logits.shape[2] * logits.shape[3]
        target_index, anchor_index = assignment.positives()
        map_of_target = targets.map_index(self.num_keypoints)
        map_index = map_of_target[target_index]
        normalizer = mean_over_processes(assignment.anchor_index.numel(), logits)
        supervised = supervised.expand(*logits.shape[:2], *supervised.shape[2:])
        confidence = anchor_focal_loss(
            logits.flatten(0, 1).flatten(1),
            map_index * num_candidates + anchor_index,
            supervised.flatten(0, 1).flatten(1),
            self.focal_alpha,
            self.focal_gamma,
        )
        offset = l1_offset_loss(
            maps.offsets.flatten(0, 1),
            map_index,
            anchor_index,
            targets.xy[target_index],
            self.place,
        )
        losses = {
            "loss_confidence": confidence / normalizer,
            "loss_offset": offset * (self.offset_loss_weight / normalizer),
        }
        if maps.local_offsets is not None:
            losses["loss_local"] = self._local_loss(maps.local_offsets, targets, map_of_target)
        if self.quality is not None:
            losses |= self.quality.losses(maps, targets, assignment, supervised)
        return losses

    def _local_loss(
        self, local_offsets: Tensor, targets: KeypointTargets, map_of_target: Tensor
    ) -> Tensor:
        height, width = local_offsets.shape[-2:]
        target_index, anchor_index = candidates_within(
            targets.xy, height, width, self.local_radius, self.place
        )
        loss = l1_offset_loss(
            local_offsets.flatten(0, 1),
            map_of_target[target_index],
            anchor_index,
            targets.xy[target_index],
            self.place,
        )
        normalizer = mean_over_processes(len(target_index), local_offsets)
        return loss * (self.local_loss_weight / normalizer)

    def inference(self, maps: AnchorMaps) -> LocatedKeypoints:
        """The most confident candidate of each type, refined; input pixels."""
        return locate_anchor_peak(maps, self.stride, self.place, self.num_consensus)

    def inference_many(
        self, maps: AnchorMaps, gamma: float, max_candidates: int = 30
    ) -> LocatedKeypoints:
        """The targets of each type with confidence >= gamma, best first; pixels, on the CPU."""
        return locate_many_anchor(
            maps, self.stride, self.place, gamma, max_candidates, num_members=self.num_consensus
        )

    def confidence(self, maps: AnchorMaps) -> Tensor:
        """Return (B, K, H, W) in [0, 1], the confidence of all candidates."""
        return maps.confidence_logits.sigmoid()

    def locate(self, maps: AnchorMaps, index: Tensor) -> LocatedKeypoints:
        """The keypoints that given candidates (B, K, M) estimate; -1 for none."""
        return locate_anchors(maps, index, self.stride, self.place)

    def merge_mirrored(
        self, maps: AnchorMaps, mirrored: AnchorMaps, flip_indices: list[int]
    ) -> AnchorMaps:
        """Mean of the maps of an image and of its mirror image; logits by their sigmoid."""

        def merge_offsets(offsets: Tensor, mirrored_offsets: Tensor) -> Tensor:
            unflipped = mirror_columns(mirrored_offsets[:, flip_indices], self.place)
            sign = unflipped.new_tensor([-1.0, 1.0])[:, None, None]
            return (offsets + unflipped * sign) / 2

        def merge_logits(logits: Tensor, mirrored_logits: Tensor) -> Tensor:
            unflipped = mirror_columns(mirrored_logits[:, flip_indices].sigmoid(), self.place)
            return torch.logit((logits.sigmoid() + unflipped) / 2, eps=1e-6)

        local_offsets = quality = None
        if maps.local_offsets is not None:
            local_offsets = merge_offsets(maps.local_offsets, mirrored.local_offsets)
        if maps.quality_logits is not None:
            quality = merge_logits(maps.quality_logits, mirrored.quality_logits)
        return AnchorMaps(
            merge_logits(maps.confidence_logits, mirrored.confidence_logits),
            merge_offsets(maps.offsets, mirrored.offsets),
            local_offsets,
            self.place,
            quality,
        )

    def anchor_places(self, maps: AnchorMaps, assignment: Assignment) -> Tensor:
        """Return (T, A, 2), where the anchors are in input pixels; NaN in empty slots."""
        width = maps.confidence_logits.shape[-1]
        return anchor_pixels(assignment, width, self.stride, self.place)

    @torch.no_grad()
    def diagnostics(
        self, maps: AnchorMaps, targets: KeypointTargets, assignment: Assignment
    ) -> dict[str, float]:
        """How the anchors of a batch lie, as scalars.

        ``anchors/displacement_px``: mean distance from an anchor to its target, input pixels;
        ``anchors/shared_share``: share of candidates used by two targets, that is, of the
        candidates that any target chose, each counted once, the fraction that two or more targets
        chose. Only targets of one type in one image can share: with one person a sample it is 0.
        """
        used = assignment.anchor_index >= 0
        if not used.any():
            return {}
        away = self.anchor_places(maps, assignment) - targets.xy[:, None] * self.stride
        return {
            "anchors/displacement_px": torch.linalg.vector_norm(away, dim=2).nanmean().item(),
            "anchors/shared_share": assignment.shared[used].float().mean().item(),
        }


@register_anchor_rule("AdaAnchor")
class AdaAnchor(AnchorHead):
    """Anchors selected by confidence and accuracy (section 3.2), after a fixed-anchor warm-up."""

    @classmethod
    def from_config(cls, cfg: CfgNode, input_shape: ShapeSpec) -> dict:
        head = cfg.MODEL.KEYPOINT_HEAD
        if head.FUSION not in ("mul", "add"):
            raise InputError(f"MODEL.KEYPOINT_HEAD.FUSION must be mul or add, not {head.FUSION!r}.")
        return {
            **super().from_config(cfg, input_shape),
            "assigner": AdaAnchorAssigner(head.NUM_ANCHORS, head.SIGMA, head.FUSION),
            "warmup_assigner": FixedAnchorAssigner(head.NUM_ANCHORS),
            "warmup_iters": head.FIXED_ITERS,
        }

    def selection_scores(self, maps: AnchorMaps, targets: KeypointTargets) -> Tensor:
        """s of eq. 9."""
        scores = self.assigner.candidate_scores(maps, targets)
        return scores.unflatten(1, maps.confidence_logits.shape[-2:])


@register_anchor_rule("FixAnchor")
class FixAnchor(AnchorHead):
    """The same head with the nearest candidates as anchors (table 1's baseline)."""

    @classmethod
    def from_config(cls, cfg: CfgNode, input_shape: ShapeSpec) -> dict:
        head = cfg.MODEL.KEYPOINT_HEAD
        return {
            **super().from_config(cfg, input_shape),
            "assigner": FixedAnchorAssigner(head.NUM_ANCHORS),
        }
