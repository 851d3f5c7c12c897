"""What the meta-architectures share: backbone, neck and head, and the normalization of images."""

import torch
from detectron2.config import CfgNode, configurable
from detectron2.layers import ShapeSpec
from detectron2.modeling import Backbone
from torch import Tensor, nn

from ...errors import InputError
from ..backbone import build_checked_backbone, build_neck, check_crop_size
from ..heads import build_keypoint_head
from ..score_calibration import ScoreCalibration, build_calibration
from .results import calibrate_results


class PoseModel(nn.Module):
    """Base of the meta-architectures: images -> backbone -> neck -> head.

    Each offers ``dense_maps(images)``, all that the network computes from normalized images
    (B, 3, H, W): one tensor, or several in dataclasses and tuples; ``named_maps(maps)``, these
    tensors by name; ``losses(maps, batched_inputs)``, the losses of a batch with such maps; and
    ``view_head(sample)``, the :class:`HeadView` of one sample that has keypoints.
    """

    # The kind of samples that the model takes, INPUT.MAPPER.
    mapper = "PersonCropMapper"
    has_tagger = False

    @configurable
    def __init__(
        self,
        *,
        backbone: Backbone,
        neck: nn.Module,
        head: nn.Module,
        pixel_mean: list[float],
        pixel_std: list[float],
        channels_last: bool = False,
        calibration: ScoreCalibration | None = None,
    ) -> None:
        """
        Args:
            backbone, neck, head: see their registries; the neck's map has the head's input shape.
            pixel_mean, pixel_std: per channel, in the order of the images.
            channels_last: NHWC memory order for weights and images.
            calibration: of the keypoint scores in results.
        """
        super().__init__()
        self.backbone = backbone
        self.neck = neck
        self.head = head
        self.calibration = calibration
        for name, values in (("pixel_mean", pixel_mean), ("pixel_std", pixel_std)):
            values = torch.tensor(values, dtype=torch.float32).view(-1, 1, 1)
            self.register_buffer(name, values, persistent=False)
        self.memory_format = torch.channels_last if channels_last else torch.contiguous_format
        self.to(memory_format=self.memory_format)

    @classmethod
    def from_config(cls, cfg: CfgNode) -> dict:
        backbone = build_checked_backbone(cfg)
        neck = build_neck(cfg, backbone.output_shape())
        check_crop_size(cfg, backbone, neck)
        heads = cls.build_heads(cfg, neck.output_shape())
        if heads["head"].reads_tags and not (cls.has_tagger and cfg.MODEL.TAG.SOURCE == "joint"):
            raise InputError(
                f"MODEL.KEYPOINT_HEAD.NAME {cfg.MODEL.KEYPOINT_HEAD.NAME} reads tags: it needs "
                "MODEL.META_ARCHITECTURE BottomUpPose and MODEL.TAG.SOURCE joint."
            )
        return {
            "backbone": backbone,
            "neck": neck,
            **heads,
            "pixel_mean": cfg.MODEL.PIXEL_MEAN,
            "pixel_std": cfg.MODEL.PIXEL_STD,
            "channels_last": cfg.MODEL.CHANNELS_LAST,
            "calibration": build_calibration(cfg, heads["head"]),
        }

    @classmethod
    def build_heads(cls, cfg: CfgNode, input_shape: ShapeSpec) -> dict[str, nn.Module]:
        """Return what reads the neck's map, by the names of the constructor's arguments."""
        return {"head": build_keypoint_head(cfg, input_shape)}

    def dense_maps(self, images: Tensor):
        """Return the head's maps."""
        return self.head.predict(self.neck(self.backbone(images)))

    def named_maps(self, maps) -> dict[str, Tensor]:
        """Return the tensors in what ``dense_maps`` gives."""
        return self.head.named_maps(maps)

    def calibrate(self, results: list[dict]) -> list[dict]:
        """Return finished results with calibrated keypoint scores, see ``calibrate_results``."""
        return calibrate_results(results, self.calibration) if self.calibration else results

    @property
    def device(self) -> torch.device:
        return self.pixel_mean.device

    def normalize(self, image: Tensor) -> Tensor:
        """Return an image (..., 3, H, W) on the model's device, less the mean, over the deviation.

        Args:
            image: uint8, channels in the order of ``pixel_mean``.
        """
        image = image.to(self.device, non_blocking=True).to(self.pixel_mean.dtype)
        return (image - self.pixel_mean) / self.pixel_std


def transform_lengths(length: Tensor, matrix: Tensor) -> Tensor:
    """Scale lengths (...) as affine matrices (..., 2, 3) scale areas, by its root."""
    return length * torch.linalg.det(matrix[..., :2]).abs().sqrt()


def transform_points(xy: Tensor, matrix: Tensor) -> Tensor:
    """Apply affine matrices (..., 2, 3) to points (..., 2); leading dimensions broadcast."""
    return (matrix[..., :2] @ xy[..., None])[..., 0] + matrix[..., 2]
