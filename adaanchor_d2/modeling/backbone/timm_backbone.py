"""Any timm network with feature maps as a Detectron2 backbone."""

import contextlib
import difflib
from typing import NamedTuple

import timm
import torch
from detectron2.config import CfgNode
from detectron2.layers import ShapeSpec
from detectron2.modeling import BACKBONE_REGISTRY, Backbone
from torch import Tensor

from ...errors import InputError
from .hrnet import STRIDE, adapt_hrnet, is_hrnet
from .weight_file import first_line, read_weight_file


class TimmBackbone(Backbone):
    """Feature maps of a timm network.

    They are named as Detectron2 names ResNet's: ``res{n}`` has stride 2**n; maps of other strides
    are not offered. Where a network has several stages of one stride (plain vision transformers:
    16 everywhere, so ``res4``), the last one counts. HRNet's are its branches, ``res2`` ...
    ``res5``, as they leave the last module.
    """

    def __init__(
        self,
        name: str,
        out_features: list[str],
        pretrained: bool = False,
        weights: str = "",
        hrnet_upsampling: str = "nearest",
        image_size: tuple[int, int] = (256, 192),
    ) -> None:
        """
        Args:
            name: a timm model name, e.g. ``resnet50`` or ``resnet50.tv_in1k``.
            out_features: stages to return, e.g. ``["res5"]``.
            pretrained: load timm's weights of that name (a download), or those in ``weights``.
            weights: path of a local file (.pth or .safetensors) to read instead.
            hrnet_upsampling: HRNet only, see :func:`adapt_hrnet`.
            image_size: (H, W) of the images, in pixels. Networks that are built for one size
                (``swin_*``, ``vit_*``) are built for this one.
        """
        super().__init__()
        if not out_features:
            raise InputError("MODEL.TIMM.OUT_FEATURES is empty: name a stage, for example res5.")
        size_option, stages = _try_out(name, tuple(image_size))
        unknown = [feature for feature in out_features if feature not in stages]
        if unknown:
            raise InputError(
                f"MODEL.TIMM.OUT_FEATURES: {name} has no {unknown[0]}; it has {', '.join(stages)}."
            )
        ordered = sorted(out_features, key=lambda feature: stages[feature].index)
        self.network = _create(
            name,
            pretrained=pretrained and not weights,
            out_indices=tuple(stages[feature].index for feature in ordered),
            **size_option,
        )
        if is_hrnet(name):
            adapt_hrnet(self.network, max(1, stages[ordered[-1]].index), hrnet_upsampling)
        if pretrained and weights:
            _load_weights(self.network, weights)
        self._out_features = ordered
        self._shapes = {
            feature: ShapeSpec(channels=stages[feature].channels, stride=stages[feature].stride)
            for feature in ordered
        }
        self._size_divisibility = STRIDE if is_hrnet(name) else 0

    @property
    def size_divisibility(self) -> int:
        return self._size_divisibility

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Return {feature: (B, C, H / stride, W / stride)} of images (B, 3, H, W)."""
        return dict(zip(self._out_features, _feature_maps(self.network, images), strict=True))

    def output_shape(self) -> dict[str, ShapeSpec]:
        """Return the channels and stride of every returned feature."""
        return self._shapes


class _Stage(NamedTuple):
    """One feature map: the number that timm knows it by, its channels and stride."""

    index: int
    channels: int
    stride: int


def _feature_maps(network: torch.nn.Module, images: Tensor) -> list[Tensor]:
    """The maps (B, C, H, W) of a network, also of those that keep channels last (swin)."""
    maps = network(images)
    if getattr(network, "output_fmt", "NCHW") == "NHWC":
        return [feature.permute(0, 3, 1, 2) for feature in maps]
    return list(maps)


def _try_out(name: str, image_size: tuple[int, int]) -> tuple[dict, dict[str, _Stage]]:
    """Run a network on the meta device, where nothing is computed.

    Returns:
        What ``timm.create_model`` needs for images of this size, and the stages {feature: _Stage}.
    """
    network = _create_on_meta(name)
    size_option: dict = {}
    # HRNet's branches fit where the sides divide by its stride, which is checked with the neck's.
    failure = None if is_hrnet(name) else _find_failure(network, image_size)
    if failure:
        with contextlib.suppress(InputError):  # a network without the option
            network = _create_on_meta(name, img_size=image_size)
            size_option = {"img_size": image_size}
            failure = _find_failure(network, image_size)
    coarsest = max(stage.stride for stage in _stages(network))
    if failure and any(side % coarsest for side in image_size):
        raise InputError(
            f"INPUT.CROP_SIZE {image_size} must divide by {coarsest}, the coarsest stride of "
            f"MODEL.TIMM.NAME {name!r}."
        )
    if failure:
        raise InputError(
            f"MODEL.TIMM.NAME {name!r} takes no images of {image_size[0]} x {image_size[1]} "
            f"(INPUT.CROP_SIZE, height x width): {failure}"
        )
    stages = {
        f"res{stage.stride.bit_length() - 1}": stage
        for stage in _stages(network)
        if stage.stride.bit_count() == 1
    }
    if not stages:
        strides = ", ".join(str(stage.stride) for stage in _stages(network))
        raise InputError(
            f"MODEL.TIMM.NAME {name!r} cannot serve as a backbone: its strides are {strides}, none "
            "is a power of two."
        )
    return size_option, stages


def _create_on_meta(name: str, **kwargs) -> torch.nn.Module:
    with torch.device("meta"):
        return _create(name, pretrained=False, **kwargs).eval()


def _stages(network: torch.nn.Module) -> list[_Stage]:
    info = network.feature_info
    return list(map(_Stage, info.out_indices, info.channels(), info.reduction()))


def _find_failure(network: torch.nn.Module, image_size: tuple[int, int]) -> str | None:
    """Why a network on the meta device cannot see images of this size, or None."""
    try:
        with torch.no_grad():
            maps = _feature_maps(network, torch.zeros(1, 3, *image_size, device="meta"))
    except Exception as error:  # whatever kind each of timm's networks raises
        return first_line(error)
    for stage, feature in zip(_stages(network), maps, strict=True):
        if any(
            abs(length - side / stage.stride) >= 1
            for length, side in zip(feature.shape[2:], image_size, strict=True)
        ):
            return f"its map of stride {stage.stride} has the size {tuple(feature.shape[2:])}."
    return None


def _create(name: str, **kwargs) -> torch.nn.Module:
    if not timm.is_model(name.split(".")[0]):
        near = difflib.get_close_matches(name, timm.list_models(), n=3, cutoff=0.4)
        raise InputError(
            f"MODEL.TIMM.NAME {name!r} is no timm model; the nearest names are {', '.join(near)} "
            "(timm.list_models() lists all)."
        )
    if is_hrnet(name):
        kwargs["feature_location"] = ""  # the branches, not what the classifier makes of them
    try:
        return timm.create_model(name, features_only=True, **kwargs)
    except (RuntimeError, AttributeError, TypeError, AssertionError) as error:
        raise InputError(
            f"MODEL.TIMM.NAME {name!r} cannot serve as a backbone: {first_line(error)}"
        ) from error
    except OSError as error:
        raise InputError(
            f"The pretrained weights of MODEL.TIMM.NAME {name!r} could not be downloaded "
            f"({first_line(error)}); name a local file in MODEL.TIMM.WEIGHTS or set "
            "MODEL.TIMM.PRETRAINED False."
        ) from error


def _load_weights(network: torch.nn.Module, path: str) -> None:
    """Load every weight of the network from a file; what else the file holds is left.

    timm's files name weights as the whole network does: a network of features may call ``stages.0``
    ``stages_0``, and ``blocks`` ``model.blocks``.
    """
    wanted = network.state_dict()
    names = {key.removeprefix("model.").replace(".", "_"): key for key in wanted}
    weights = {
        names.get(key.removeprefix("model.").replace(".", "_"), key): value
        for key, value in read_weight_file(path, "MODEL.TIMM.WEIGHTS").items()
    }
    misfits = [
        key
        for key, value in wanted.items()
        if not key.endswith("num_batches_tracked")
        and (key not in weights or weights[key].shape != value.shape)
    ]
    if misfits:
        raise InputError(
            f"MODEL.TIMM.WEIGHTS: {path} does not fit the network: {len(misfits)} weights are "
            f"missing or of another shape, first {', '.join(misfits[:3])}."
        )
    network.load_state_dict({key: weights[key] for key in wanted if key in weights}, strict=False)


@BACKBONE_REGISTRY.register()
def build_timm_backbone(cfg: CfgNode, input_shape: ShapeSpec) -> TimmBackbone:
    """Build ``MODEL.TIMM``; pretrained weights are left out when ``MODEL.WEIGHTS`` brings all."""
    config = cfg.MODEL.TIMM
    return TimmBackbone(
        config.NAME,
        list(config.OUT_FEATURES),
        pretrained=config.PRETRAINED and not cfg.MODEL.WEIGHTS,
        weights=config.WEIGHTS,
        hrnet_upsampling=config.HRNET_UPSAMPLING,
        image_size=cfg.INPUT.CROP_SIZE,
    )
