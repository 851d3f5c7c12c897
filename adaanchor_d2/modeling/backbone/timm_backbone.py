"""Any timm network with feature maps as a Detectron2 backbone."""

import difflib
import math
import os

import timm
import torch
from detectron2.config import CfgNode
from detectron2.layers import ShapeSpec
from detectron2.modeling import BACKBONE_REGISTRY, Backbone
from torch import Tensor

from ...errors import InputError
from .hrnet import STRIDE, adapt_hrnet, is_hrnet


class TimmBackbone(Backbone):
    """Feature maps of a timm network.

    They are named as Detectron2 names ResNet's: ``res{n}`` has stride 2**n.
    Where a network has several stages of one stride (vision transformers), the last one counts.
    HRNet's are its branches, ``res2`` ... ``res5``, as they leave the last module.
    """

    def __init__(
        self,
        name: str,
        out_features: list[str],
        pretrained: bool = False,
        weights: str = "",
        hrnet_upsampling: str = "nearest",
    ) -> None:
        """
        Args:
            name: a timm model name, e.g. ``resnet50`` or ``resnet50.tv_in1k``.
            out_features: stages to return, e.g. ``["res5"]``.
            pretrained: load timm's weights of that name (a download), or those in ``weights``.
            weights: path of a local file (.pth or .safetensors) to read instead.
            hrnet_upsampling: HRNet only, see :func:`adapt_hrnet`.
        """
        super().__init__()
        stages = _find_stages(name)
        unknown = [feature for feature in out_features if feature not in stages]
        if unknown:
            raise InputError(
                f"MODEL.TIMM.OUT_FEATURES: {name} has no {unknown[0]}; it has {', '.join(stages)}."
            )
        ordered = sorted(out_features, key=lambda feature: stages[feature][0])
        self.network = _create(
            name,
            pretrained=pretrained and not weights,
            out_indices=tuple(stages[feature][0] for feature in ordered),
        )
        if is_hrnet(name):
            adapt_hrnet(self.network, max(1, stages[ordered[-1]][0]), hrnet_upsampling)
        if pretrained and weights:
            _load_weights(self.network, weights)
        self._out_features = ordered
        self._shapes = {
            feature: ShapeSpec(channels=stages[feature][1], stride=stages[feature][2])
            for feature in ordered
        }
        self._size_divisibility = STRIDE if is_hrnet(name) else 0

    @property
    def size_divisibility(self) -> int:
        return self._size_divisibility

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Return {feature: (B, C, H / stride, W / stride)} of images (B, 3, H, W)."""
        return dict(zip(self._out_features, self.network(images), strict=True))

    def output_shape(self) -> dict[str, ShapeSpec]:
        """Return the channels and stride of every returned feature."""
        return self._shapes


def _find_stages(name: str) -> dict[str, tuple[int, int, int]]:
    """Return {feature: (index, channels, stride)} of a timm network, without building weights."""
    with torch.device("meta"):
        info = _create(name, pretrained=False).feature_info
    channels, strides = info.channels(), info.reduction()
    return {
        f"res{int(math.log2(stride))}": (index, channels[index], stride)
        for index, stride in enumerate(strides)
    }


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
            f"MODEL.TIMM.NAME {name!r} cannot serve as a backbone: {_first_line(error)}"
        ) from error
    except OSError as error:
        raise InputError(
            f"The pretrained weights of MODEL.TIMM.NAME {name!r} could not be downloaded "
            f"({_first_line(error)}); name a local file in MODEL.TIMM.WEIGHTS or set "
            "MODEL.TIMM.PRETRAINED False."
        ) from error


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


def _read_weights(path: str) -> dict[str, Tensor]:
    """Read a weight file without executing anything that it may hold."""
    if not os.path.isfile(path):
        raise InputError(f"MODEL.TIMM.WEIGHTS: there is no file {path}.")
    try:
        if path.endswith(".safetensors"):
            from safetensors.torch import load_file

            return load_file(path)
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise InputError(
            f"MODEL.TIMM.WEIGHTS: {path} is no readable weight file ({_first_line(error)})."
        ) from error
    for key in ("state_dict", "model"):
        if isinstance(loaded, dict) and isinstance(loaded.get(key), dict):
            loaded = loaded[key]
    if not isinstance(loaded, dict) or not all(isinstance(v, Tensor) for v in loaded.values()):
        raise InputError(f"MODEL.TIMM.WEIGHTS: {path} holds no dict of named weights.")
    return loaded


def _load_weights(network: torch.nn.Module, path: str) -> None:
    """Load every weight of the network from a file; what else the file holds is left."""
    weights, wanted = _read_weights(path), network.state_dict()
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
    )
