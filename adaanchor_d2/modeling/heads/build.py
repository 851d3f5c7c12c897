"""The registry of anchor rules."""

from detectron2.config import CfgNode
from detectron2.layers import ShapeSpec
from detectron2.utils.registry import Registry
from torch import nn

from ...errors import InputError

KEYPOINT_HEAD_REGISTRY = Registry("KEYPOINT_HEAD")
KEYPOINT_HEAD_REGISTRY.__doc__ = """
Registry of keypoint heads, one per anchor rule, called as ``head(cfg, input_shape)`` with the
:class:`ShapeSpec` (channels, stride) of the one feature map (B, C, H, W) it reads.

A head has the attributes ``has_confidence`` (do its scores mean anything), ``num_keypoints``,
``reads_tags`` (tag maps of a trained tagger are appended to its feature map) and
``estimates_at_candidates`` (does every candidate estimate the keypoint, as CONSENSUS and QUALITY of
``MODEL.KEYPOINT_HEAD`` need), and offers

* ``predict(features) -> maps``;
* ``named_maps(maps) -> {name: Tensor}``: the tensors in them, as they are called where a network
  is exported;
* ``label(maps, targets) -> Assignment``: which candidates serve which target;
* ``losses(maps, targets, assignment, supervised) -> dict`` of scalar losses; ``supervised`` is bool
  and broadcasts to (B, K, H, W);
* ``inference(maps) -> LocatedKeypoints`` in input pixels, one result per type;
* ``inference_many(maps, gamma, max_candidates) -> LocatedKeypoints``: the targets of every type
  with confidence >= gamma, best first, padded, on the CPU;
* ``confidence(maps) -> (B, K, H, W)`` in [0, 1], and ``locate(maps, index (B, K, M))``, the
  ``LocatedKeypoints`` that given candidates estimate;
* ``anchor_places(maps, assignment) -> (T, A, 2)``, the places of the anchors in input pixels;
* ``selection_scores(maps, targets) -> (T, H, W)``, by what anchors are chosen; None by place alone;
* ``merge_mirrored(maps, mirrored, flip_indices) -> maps``: the mean of the maps of an image and of
  its mirror image;
* ``assign(maps, targets)``: ``label``, told to the training curves now and then;
* ``forward(features, targets, supervised)``: predict, assign, losses in one.

Rules without a grid of candidates lack ``inference_many``, ``confidence`` and ``locate``. Rules
that train differently as training goes on have ``set_iteration(iteration)``.
"""


def register_anchor_rule(name: str):
    """Class decorator: register a head under the name of its anchor rule."""

    def register(head_class: type) -> type:
        KEYPOINT_HEAD_REGISTRY._do_register(name, head_class)
        return head_class

    return register


def build_keypoint_head(cfg: CfgNode, input_shape: ShapeSpec) -> nn.Module:
    """Build the head that ``MODEL.KEYPOINT_HEAD.NAME`` asks for."""
    check_anchor_rule(cfg)
    return KEYPOINT_HEAD_REGISTRY.get(cfg.MODEL.KEYPOINT_HEAD.NAME)(cfg, input_shape)


def check_anchor_rule(cfg: CfgNode) -> None:
    """Raise InputError for an unknown anchor rule, and for what the rule does not offer."""
    head = cfg.MODEL.KEYPOINT_HEAD
    name = head.NAME
    if name not in KEYPOINT_HEAD_REGISTRY:
        known = ", ".join(sorted(known for known, _ in KEYPOINT_HEAD_REGISTRY))
        raise InputError(
            f"MODEL.KEYPOINT_HEAD.NAME {name!r} is no known anchor rule; known are {known}."
        )
    if KEYPOINT_HEAD_REGISTRY.get(name).estimates_at_candidates:
        return
    for key, off in (("CONSENSUS", 1), ("QUALITY", False)):
        if head[key] != off:
            raise InputError(
                f"MODEL.KEYPOINT_HEAD.{key} {head[key]} needs a rule whose candidates each "
                "estimate the keypoint, as AdaAnchor's and FixAnchor's do: with "
                f"{name} set it to {off}."
            )
