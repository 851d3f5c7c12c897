"""Necks: from a backbone's features to the one map that a head reads."""

from detectron2.config import CfgNode, configurable
from detectron2.layers import ShapeSpec, get_norm
from detectron2.utils.registry import Registry
from torch import Tensor, nn

from ...errors import InputError

# The names that Detectron2's get_norm documents.
NORMS = ("BN", "SyncBN", "FrozenBN", "GN", "LN")

NECK_REGISTRY = Registry("NECK")
NECK_REGISTRY.__doc__ = """
Registry of necks, called as ``neck(cfg, input_shapes)`` with the backbone's {name: ShapeSpec}.
A neck maps {name: (B, C, H, W)} to one map and tells its shape by ``output_shape() -> ShapeSpec``
and the names of the features it reads by ``in_features`` (all, where it has no such attribute).
"""


@NECK_REGISTRY.register()
class SelectFeature(nn.Module):
    """One backbone feature, unchanged (an FPN level, HRNet's highest branch)."""

    @configurable
    def __init__(self, *, in_feature: str, input_shape: ShapeSpec) -> None:
        super().__init__()
        self.in_feature = in_feature
        self.in_features = [in_feature]
        self._shape = input_shape

    @classmethod
    def from_config(cls, cfg: CfgNode, input_shapes: dict[str, ShapeSpec]) -> dict:
        in_feature = cfg.MODEL.NECK.IN_FEATURE
        if in_feature not in input_shapes:
            raise InputError(
                f"MODEL.NECK.IN_FEATURE {in_feature!r} is no output of backbone "
                f"{cfg.MODEL.BACKBONE.NAME}; it has {', '.join(input_shapes)}."
            )
        return {"in_feature": in_feature, "input_shape": input_shapes[in_feature]}

    def output_shape(self) -> ShapeSpec:
        return self._shape

    def forward(self, features: dict[str, Tensor]) -> Tensor:
        return features[self.in_feature]


@NECK_REGISTRY.register()
class DeconvNeck(SelectFeature):
    """SimplePose's upsampling: 4x4 stride-2 deconvolutions with normalization and ReLU."""

    @configurable
    def __init__(
        self,
        *,
        in_feature: str,
        input_shape: ShapeSpec,
        num_deconvs: int = 3,
        channels: int = 256,
        norm: str = "BN",
    ) -> None:
        super().__init__(in_feature=in_feature, input_shape=input_shape)
        stride = input_shape.stride // 2**num_deconvs
        if stride < 1:
            raise InputError(
                f"MODEL.NECK.NUM_DECONVS {num_deconvs} is too many for stride {input_shape.stride}."
            )
        self._shape = ShapeSpec(channels=channels, stride=stride)
        layers = []
        in_channels = input_shape.channels
        for _ in range(num_deconvs):
            deconv = nn.ConvTranspose2d(in_channels, channels, 4, 2, 1, bias=norm == "")
            nn.init.normal_(deconv.weight, std=0.001)
            layers += [deconv, build_norm(norm, channels), nn.ReLU(inplace=True)]
            in_channels = channels
        self.layers = nn.Sequential(*(layer for layer in layers if layer is not None))

    @classmethod
    def from_config(cls, cfg: CfgNode, input_shapes: dict[str, ShapeSpec]) -> dict:
        neck = cfg.MODEL.NECK
        return {
            **super().from_config(cfg, input_shapes),
            "num_deconvs": neck.NUM_DECONVS,
            "channels": neck.CHANNELS,
            "norm": neck.NORM,
        }

    def forward(self, features: dict[str, Tensor]) -> Tensor:
        return self.layers(features[self.in_feature])


def build_norm(norm: str, channels: int) -> nn.Module | None:
    """Build ``MODEL.NECK.NORM`` for so many channels, or list the known ones."""
    try:
        return get_norm(norm, channels)
    except KeyError:
        raise InputError(
            f"MODEL.NECK.NORM {norm!r} is unknown; known are {', '.join(NORMS)} and '' for none."
        ) from None
    except ValueError as error:
        raise InputError(
            f"MODEL.NECK.NORM {norm} does not fit MODEL.NECK.CHANNELS {channels}: {error}."
        ) from None


def build_neck(cfg: CfgNode, input_shapes: dict[str, ShapeSpec]) -> nn.Module:
    """Build the neck that ``MODEL.NECK.NAME`` asks for."""
    name = cfg.MODEL.NECK.NAME
    if name not in NECK_REGISTRY:
        known = ", ".join(sorted(known for known, _ in NECK_REGISTRY))
        raise InputError(f"MODEL.NECK.NAME {name!r} is no known neck; known are {known}.")
    return NECK_REGISTRY.get(name)(cfg, input_shapes)
