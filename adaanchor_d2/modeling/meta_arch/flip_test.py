"""Flip test: average the maps of an image and of its mirror image."""

from torch import nn

from ...errors import InputError
from .single_pose import SinglePose


class FlipTest(nn.Module):
    """A :class:`SinglePose` for evaluation that sees every crop twice (``TEST.FLIP``)."""

    def __init__(self, model: SinglePose, flip_indices: tuple[int, ...]) -> None:
        """
        Args:
            model: the model to wrap.
            flip_indices: for every keypoint type, the type that it is in the mirror image.
        """
        super().__init__()
        if len(flip_indices) != model.head.num_keypoints:
            raise InputError(
                f"TEST.FLIP: the skeleton has {len(flip_indices)} keypoint types, the head "
                f"{model.head.num_keypoints}."
            )
        self.model = model
        self.flip_indices = list(flip_indices)

    def forward(self, batched_inputs: list[dict]) -> list[dict]:
        model = self.model
        images = model.preprocess_images(batched_inputs)
        maps = model.dense_maps(images)
        mirrored = model.dense_maps(images.flip(-1))
        maps = model.head.merge_mirrored(maps, mirrored, self.flip_indices)
        return model.postprocess(model.head.inference(maps), batched_inputs)
