"""Where tags come from: a head trained with the model, a frozen network, or the ground truth.

B images, K keypoint types, M located keypoints per type.
"""

import torch
from detectron2.config import CfgNode
from detectron2.layers import ShapeSpec
from torch import Tensor, nn

from ...errors import InputError
from ..anchors import KeypointTargets
from ..backbone import build_checked_backbone, build_neck, read_weight_file
from ..heads import TagHead

# Tags of different people lie further apart than any tag threshold of the grouping.
ORACLE_SPACING = 10.0


class Tagger(nn.Module):
    """Base of the sources of tags.

    * ``predict(images, features) -> maps``; in training only where ``is_trained``;
    * ``losses(maps, targets) -> dict`` in training;
    * ``sample(maps, xy, batched_inputs) -> (B, K, M)`` tags of keypoints at xy (B, K, M, 2), in
      input pixels.
    """

    is_trained = False

    def predict(self, images: Tensor, features: Tensor) -> Tensor | None:
        return None

    def losses(self, maps: Tensor | None, targets: KeypointTargets) -> dict[str, Tensor]:
        return {}


class JointTagger(Tagger):
    """A tag head on the model's own features, trained with it."""

    is_trained = True

    def __init__(self, head: TagHead) -> None:
        super().__init__()
        self.head = head

    def predict(self, images: Tensor, features: Tensor) -> Tensor:
        """Return tag maps (B, K, H, W)."""
        return self.head.predict(features)

    def losses(self, maps: Tensor, targets: KeypointTargets) -> dict[str, Tensor]:
        return self.head.losses(maps, targets)

    def sample(self, maps: Tensor, xy: Tensor, batched_inputs: list[dict]) -> Tensor:
        return self.head.sample(maps, xy)


class UnsavedTagger(Tagger):
    """Base of the taggers that are not part of a model's checkpoint.

    Whatever a checkpoint says of its tagger is left, so that a model can be evaluated with other
    tags than it was trained with.
    """

    def state_dict(self, *args, destination=None, prefix="", keep_vars=False) -> dict:
        return {} if destination is None else destination

    def _load_from_state_dict(self, state_dict, prefix, *args) -> None:
        for key in [key for key in state_dict if key.startswith(prefix)]:
            del state_dict[key]
        state_dict.update({prefix + key: value for key, value in self.own_state().items()})
        super()._load_from_state_dict(state_dict, prefix, *args)

    def own_state(self) -> dict[str, Tensor]:
        """Return what a state dict of this module would hold."""
        return super().state_dict()


class FrozenTagger(UnsavedTagger):
    """Backbone, neck and tag head of an Associative Embedding network, never trained here.

    Its weights stay in their own file, ``MODEL.TAG.WEIGHTS``.
    """

    def __init__(self, backbone: nn.Module, neck: nn.Module, tagger: JointTagger) -> None:
        super().__init__()
        self.backbone = backbone
        self.neck = neck
        self.tagger = tagger
        self.requires_grad_(False)
        self.train(False)

    def train(self, mode: bool = True) -> "FrozenTagger":
        """Stay in evaluation mode: batch norms keep their statistics."""
        return super().train(False)

    def load(self, path: str) -> None:
        """Load the weights of a trained model; its keypoint head is left."""
        weights = read_weight_file(path, "MODEL.TAG.WEIGHTS")
        wanted = self.own_state()
        misfits = [
            key
            for key, value in wanted.items()
            if key not in weights or weights[key].shape != value.shape
        ]
        if misfits:
            raise InputError(
                f"MODEL.TAG.WEIGHTS: {path} does not fit the network of MODEL.TAG.TIMM_NAME: "
                f"{len(misfits)} weights are missing or of another shape, first "
                f"{', '.join(misfits[:3])}."
            )
        for key, value in wanted.items():
            value.copy_(weights[key])

    @torch.no_grad()
    def predict(self, images: Tensor, features: Tensor) -> Tensor:
        """Return tag maps (B, K, H, W) of its own features."""
        return self.tagger.predict(images, self.neck(self.backbone(images)))

    def sample(self, maps: Tensor, xy: Tensor, batched_inputs: list[dict]) -> Tensor:
        return self.tagger.sample(maps, xy, batched_inputs)


class OracleTagger(UnsavedTagger):
    """The person of the nearest labelled keypoint of the type; of any type where none is labelled.

    Separates locating from grouping. Images without a labelled keypoint get one tag for all.
    """

    def sample(self, maps: None, xy: Tensor, batched_inputs: list[dict]) -> Tensor:
        tags = [
            _nearest_person(image_xy, sample["people_keypoints"].to(xy))
            for image_xy, sample in zip(xy, batched_inputs, strict=True)
        ]
        return torch.stack(tags) * ORACLE_SPACING


def _nearest_person(xy: Tensor, people: Tensor) -> Tensor:
    """Indices (K, M) of the people (P, K, 3) that are nearest to xy (K, M, 2)."""
    people = people[(people[..., 2] > 0).any(dim=1)]
    if len(people) == 0:
        return torch.zeros_like(xy[..., 0])
    labelled = people[..., 2] > 0
    distance = torch.cdist(xy, people[..., :2].transpose(0, 1))
    nearest = distance.masked_fill(~labelled.T[:, None], torch.inf).argmin(dim=2)
    unlabelled = ~labelled.any(dim=0)
    if unlabelled.any():
        owner = labelled.nonzero()[:, 0]
        points = people[..., :2][labelled]
        nearest[unlabelled] = owner[torch.cdist(xy[unlabelled], points[None]).argmin(dim=2)]
    return nearest.to(xy.dtype)


def _build_joint(cfg: CfgNode, input_shape: ShapeSpec) -> JointTagger:
    return JointTagger(TagHead(cfg, input_shape))


def _build_frozen(cfg: CfgNode, input_shape: ShapeSpec) -> FrozenTagger:
    """Build the network of ``MODEL.TAG`` and load its weights."""
    if not cfg.MODEL.TAG.WEIGHTS:
        raise InputError(
            "MODEL.TAG.SOURCE frozen needs MODEL.TAG.WEIGHTS: name a trained Associative Embedding "
            "checkpoint."
        )
    tagger = build_frozen_network(cfg)
    tagger.load(cfg.MODEL.TAG.WEIGHTS)
    return tagger


def build_frozen_network(cfg: CfgNode) -> FrozenTagger:
    """Build the network of ``MODEL.TAG`` with random weights, which nothing but counting can use.

    Raises:
        InputError: naming the key of ``MODEL.TAG`` where the backbone cannot be built.
    """
    tag = cfg.MODEL.TAG
    own = cfg.clone()
    own.defrost()
    own.MODEL.TIMM.PRETRAINED = False
    if tag.TIMM_NAME:
        own.MODEL.BACKBONE.NAME = "build_timm_backbone"
        own.MODEL.TIMM.NAME = tag.TIMM_NAME
        own.MODEL.TIMM.OUT_FEATURES = [tag.IN_FEATURE]
        own.MODEL.TIMM.HRNET_UPSAMPLING = "nearest"
        own.MODEL.NECK.NAME = "SelectFeature"
        own.MODEL.NECK.IN_FEATURE = tag.IN_FEATURE
    try:
        backbone = build_checked_backbone(own)
    except InputError as error:
        raise InputError(_of_tagger(str(error)) if tag.TIMM_NAME else str(error)) from None
    neck = build_neck(own, backbone.output_shape())
    return FrozenTagger(backbone, neck, _build_joint(own, neck.output_shape()))


def _of_tagger(sentence: str) -> str:
    """Return a sentence about a backbone with the keys by which the tagger's is chosen."""
    for key, own_key in (("TIMM.NAME", "TAG.TIMM_NAME"), ("TIMM.OUT_FEATURES", "TAG.IN_FEATURE")):
        sentence = sentence.replace(f"MODEL.{key}", f"MODEL.{own_key}")
    return sentence


TAG_SOURCES = {
    "frozen": _build_frozen,
    "joint": _build_joint,
    "oracle": lambda cfg, input_shape: OracleTagger(),
}


def build_tagger(cfg: CfgNode, input_shape: ShapeSpec) -> Tagger:
    """Build what ``MODEL.TAG.SOURCE`` names, for features of ``input_shape``."""
    source = cfg.MODEL.TAG.SOURCE
    if source not in TAG_SOURCES:
        raise InputError(
            f"MODEL.TAG.SOURCE {source!r} is unknown; known are {', '.join(TAG_SOURCES)}."
        )
    return TAG_SOURCES[source](cfg, input_shape)
