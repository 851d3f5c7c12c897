"""DEKR's scoring network: how good a pose is, judged by its shape and its keypoints' scores.

N poses, K keypoint types, E edges of the skeleton.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

# A shorter torso, in pixels of the image, is taken to be this long.
MIN_TORSO_PX = 1.0


class ScoringNet(nn.Module):
    """Predicts the OKS of a pose.

    The skeleton is part of the weights (buffers ``edges`` and ``torso``): a file of weights says by
    itself which poses it is for.
    """

    def __init__(
        self,
        num_keypoints: int,
        edges: Sequence[tuple[int, int]],
        torso: Sequence[tuple[int, int]],
        hidden: int = 256,
    ) -> None:
        """
        Args:
            edges: E pairs of keypoint types.
            torso: pairs whose mean distance is the length of a pose's torso.
            hidden: width of the two hidden layers.
        """
        super().__init__()
        self.num_keypoints = num_keypoints
        self.register_buffer("edges", torch.tensor(edges, dtype=torch.int64).reshape(-1, 2))
        self.register_buffer("torso", torch.tensor(torso, dtype=torch.int64).reshape(-1, 2))
        self.layers = nn.Sequential(
            nn.Linear(3 * len(edges) + num_keypoints, hidden),
            nn.ReLU(),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
            nn.Linear(hidden, 1),
        )
        for layer in self.layers[::2]:
            nn.init.kaiming_uniform_(layer.weight, a=1)
            nn.init.zeros_(layer.bias)

    def features(self, poses: Tensor) -> Tensor:
        """Return (N, 3E + K): the edges' differences, their lengths, the keypoints' scores.

        Differences (x, y), first end minus second, and lengths are divided by the torso's length,
        or by 1 px where it is shorter, as of a pose whose keypoints fall together.

        Args:
            poses: (N, K, 3), x and y in pixels of the original image, score.
        """
        xy = poses[..., :2]
        difference = _differences(xy, self.edges)
        torso = _differences(xy, self.torso).norm(dim=2).sum(dim=1) / max(len(self.torso), 1)
        difference = difference / torso.clamp(min=MIN_TORSO_PX)[:, None, None]
        return torch.cat((difference.flatten(1), difference.norm(dim=2), poses[..., 2]), dim=1)

    def forward(self, poses: Tensor) -> Tensor:
        """Return the predicted OKS (N,) of poses (N, K, 3); it may leave 0 to 1.

        It runs in float32 under automatic mixed precision.
        """
        with torch.autocast(poses.device.type, enabled=False):
            features = self.features(poses).to(self.layers[0].weight.dtype)
            return self.layers(features)[:, 0]


def _differences(xy: Tensor, pairs: Tensor) -> Tensor:
    """(N, number of pairs, 2)."""
    return xy[:, pairs[:, 0]] - xy[:, pairs[:, 1]]
