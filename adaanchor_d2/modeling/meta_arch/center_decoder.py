"""From the maps of a batch of images to poses: locate centres, read their poses, remove duplicates.

The pose of a person is its refined centre plus the offsets there, read bilinearly. Read at the
centre's anchor instead, where the offsets are learnt and as DEKR does, AP was 0.3 to 1.7 lower for
each of three rules on synthetic crowds with hidden middles (quick start ``centers``, seed 0).

B images, K keypoint types, H W map size, M located centres of an image, N people of an image.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from detectron2.structures import Instances
from torch import Tensor, nn

from ..anchors.geometry import sample_maps
from ..decoders import LocatedKeypoints, keep_best_poses, same_person
from ..heads import ScoringNet
from .results import drop_padding, gather_results, pose_instances


@dataclass
class CenterMaps:
    """What a single-stage model predicts at every candidate.

    Attributes:
        centers: the maps of the head that locates centres, one type.
        offsets: (B, K, 2, H, W), from the candidate to the keypoints of its person, (x, y), stride
            units.
        heatmaps: (B, K, H, W) of the keypoints, or None.
    """

    centers: object
    offsets: Tensor
    heatmaps: Tensor | None = None


@dataclass
class ImagePoses:
    """The poses of one image before duplicates are removed, best centre first.

    Attributes:
        xy: (M, K, 2) pixels of the input, or of the original image.
        anchor_xy: (M, 2) likewise, the anchor of the centre.
        confidence: (M,), of the centre, what thresholds are compared with.
        score: (M, K), of the keypoints.
        quality: (M,), by which one of several poses of a person is kept.
    """

    xy: np.ndarray
    anchor_xy: np.ndarray
    confidence: np.ndarray
    score: np.ndarray
    quality: np.ndarray

    def __getitem__(self, index: np.ndarray) -> "ImagePoses":
        return ImagePoses(*(array[index] for array in vars(self).values()))


class CenterDecoder:
    """Decodes maps once, at the lowest threshold, and removes duplicates at each."""

    def __init__(
        self,
        head: nn.Module,
        keypoint_head: nn.Module | None,
        *,
        gamma: float = 0.01,
        gammas: Sequence[float] = (),
        max_people: int = 30,
        nms_threshold: float = 0.05,
        nms_num_keypoints: int = 8,
        rescores: bool = True,
        scoring_net: ScoringNet | None = None,
    ) -> None:
        """
        Args:
            head: locates centres.
            keypoint_head: the keypoint heatmaps', needed with ``rescores``.
            gamma: centres with a lower confidence are no people.
            gammas: further thresholds.
            max_people: of an image.
            nms_threshold, nms_num_keypoints: see ``decoders/pose_nms.py``.
            rescores: a keypoint's score is that of the centre (its quality where the head has one)
                times the keypoint's heatmap where it lies, else that of the centre.
            scoring_net: a person's score, the mean of its keypoints', is multiplied by what this
                network predicts. It stays on the CPU and is, as it is held here and by no module,
                no part of a model's checkpoints.
        """
        self.head = head
        self.keypoint_head = keypoint_head
        self.gamma = gamma
        self.gammas = tuple(gammas)
        self.max_people = max_people
        self.nms_threshold = nms_threshold
        self.nms_num_keypoints = nms_num_keypoints
        self.rescores = rescores
        self.scoring_net = scoring_net

    def __call__(
        self, maps: CenterMaps, image_sizes: list[tuple[int, int]], batched_inputs: list[dict]
    ) -> list[dict]:
        """Return one result per image, see ``CenterPose.forward``.

        People whose anchor lies in the padding are left out.

        Args:
            image_sizes: (height, width) of each image without padding.
        """
        thresholds = (self.gamma, *self.gammas)
        located = self.head.inference_many(maps.centers, min(thresholds), self.max_people)
        drop_padding(located, image_sizes)
        instances = {gamma: [] for gamma in thresholds}
        rows = {gamma: [] for gamma in thresholds}
        for poses, sample in zip(self._poses(maps, located), batched_inputs, strict=True):
            same = same_person(poses.xy, self.nms_threshold, self.nms_num_keypoints)
            poses = _to_image(poses, sample)
            pose_rows = np.concatenate((poses.xy, poses.score[..., None]), axis=2)
            person_score = self._person_scores(pose_rows)
            for gamma in instances:
                kept = self._keep(poses, person_score, same, gamma)
                people = _instances(
                    pose_rows[kept], poses.anchor_xy[kept], person_score[kept], sample
                )
                instances[gamma].append(people)
                rows[gamma].append(_keypoint_rows(people))
        return gather_results(instances, rows, self.gamma, self.gammas)

    def pose_xy(self, maps: CenterMaps, located: LocatedKeypoints) -> Tensor:
        """Return the keypoints (B, M, K, 2) of the poses at refined centres, read bilinearly; input
        pixels, on the CPU.
        """
        stride, places = self.head.stride, located.xy[:, 0].to(maps.offsets.device)
        offsets = sample_maps(maps.offsets.flatten(1, 2), places / stride, self.head.place)
        offsets = offsets.unflatten(2, maps.offsets.shape[1:3]).cpu()
        return located.xy[:, 0, :, None] + offsets * stride

    def _poses(self, maps: CenterMaps, located: LocatedKeypoints) -> list[ImagePoses]:
        arrays = (located.score, located.reported_score, located.anchor_xy, located.valid)
        confidence, center_score, anchor_xy, valid = (array.numpy()[:, 0] for array in arrays)
        xy = self.pose_xy(maps, located).numpy()
        if self.rescores:
            heat = self.keypoint_head.sample(maps.heatmaps, torch.from_numpy(xy).transpose(1, 2))
            heat = heat.cpu().numpy()
            score, quality = center_score[..., None] * heat.transpose(0, 2, 1), heat.mean(axis=1)
        else:
            score = np.broadcast_to(center_score[..., None], xy.shape[:3])
            quality = center_score
        parts = (xy, anchor_xy, confidence, score, quality)
        return [
            ImagePoses(*(part[image] for part in parts))[valid[image]]
            for image in range(len(valid))
        ]

    def _person_scores(self, pose_rows: np.ndarray) -> np.ndarray:
        """Return (M,) for rows (M, K, 3): x and y in pixels of the original image, score."""
        person_score = pose_rows[..., 2].mean(axis=1)
        if self.scoring_net is None:
            return person_score
        return person_score * self.scoring_net(torch.from_numpy(pose_rows)).numpy()

    def _keep(
        self, poses: ImagePoses, person_score: np.ndarray, same: np.ndarray, gamma: float
    ) -> np.ndarray:
        """Return the indices of the people at a threshold, best person first."""
        count = np.count_nonzero(poses.confidence >= gamma)
        kept = keep_best_poses(same[:count, :count], poses.quality[:count])
        return kept[(-person_score[kept]).argsort(kind="stable")]


def _to_image(poses: ImagePoses, sample: dict) -> ImagePoses:
    """Return the poses in pixels of the original image."""
    matrix = np.asarray(sample["crop_to_image"], dtype=np.float64)
    points = poses.xy.reshape(-1, 2) @ matrix[:, :2].T + matrix[:, 2]
    anchors = poses.anchor_xy @ matrix[:, :2].T + matrix[:, 2]
    return replace(poses, xy=points.reshape(poses.xy.shape), anchor_xy=anchors)


def _instances(
    rows: np.ndarray, anchor_xy: np.ndarray, person_score: np.ndarray, sample: dict
) -> Instances:
    """Return N people from rows (N, K, 3) and the anchors (N, 2) of their centres."""
    anchors = np.broadcast_to(anchor_xy[:, None], (*rows.shape[:2], 2))
    return pose_instances(rows, anchors, person_score, (sample["height"], sample["width"]))


def _keypoint_rows(people: Instances) -> Tensor:
    """Return (N K, 4), x, y, score, type of all keypoints of people."""
    keypoints = people.pred_keypoints.numpy()
    types = np.broadcast_to(np.arange(keypoints.shape[1], dtype=np.float32), keypoints.shape[:2])
    rows = np.concatenate((keypoints, types[..., None]), axis=2)
    return torch.from_numpy(rows.reshape(-1, 4))
