"""Training of a scoring network on the people that a model found, with DEKR's settings.

N people, K keypoint types. A person is held out with its whole image.
"""

from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F

from ..data.skeletons import Skeleton
from ..errors import InputError
from ..modeling.heads import ScoringNet

LEARNING_RATE = 1e-3
BATCH_SIZE = 1024
HELD_OUT_SHARE = 0.1


class ScoredPoses(NamedTuple):
    """People whose OKS is known.

    Attributes:
        image_id: (N,).
        poses: (N, K, 3), x and y in image pixels, score.
        score: (N,), of the person.
        similarity: (N,), the OKS.
    """

    image_id: np.ndarray
    poses: np.ndarray
    score: np.ndarray
    similarity: np.ndarray

    def where(self, mask: np.ndarray) -> "ScoredPoses":
        return ScoredPoses(*(values[mask] for values in self))


def hold_out(people: ScoredPoses, seed: int) -> tuple[ScoredPoses, ScoredPoses]:
    """Return the people to train on, and those of a tenth of the images, at least one.

    Raises:
        InputError: fewer than two images.
    """
    images = np.unique(people.image_id)
    if len(images) < 2:
        raise InputError(
            f"The results hold people in {len(images)} images with a labelled person, but at least "
            "2 are needed: one to train on, one to be held out."
        )
    count = max(1, round(HELD_OUT_SHARE * len(images)))
    chosen = np.random.default_rng(seed).permutation(images)[:count]
    is_held_out = np.isin(people.image_id, chosen)
    return people.where(~is_held_out), people.where(is_held_out)


def train_scoring_net(
    people: ScoredPoses, skeleton: Skeleton, epochs: int, seed: int
) -> ScoringNet:
    """Train a network by the squared error of the predicted OKS, on the CPU."""
    poses, similarity = torch.from_numpy(people.poses), torch.from_numpy(people.similarity).float()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = ScoringNet(skeleton.num_keypoints, skeleton.edges, skeleton.torso)
        optimizer = torch.optim.Adam(net.parameters(), lr=LEARNING_RATE)
        features = net.features(poses).float()
        for _ in range(epochs):
            for batch in torch.randperm(len(features)).split(BATCH_SIZE):
                loss = F.mse_loss(net.layers(features[batch])[:, 0], similarity[batch])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
    return net


@torch.no_grad()
def compare_scores(net: ScoringNet, people: ScoredPoses) -> dict[str, tuple[float, float]]:
    """How well the scores before and after, and the prediction alone, tell the OKS.

    Returns:
        Root mean squared error, and Pearson's correlation (NaN where either is constant).
    """
    prediction = net(torch.from_numpy(people.poses)).double().numpy()
    scores = {
        "score": people.score,
        "prediction": prediction,
        "score x prediction": people.score * prediction,
    }
    return {name: _compare(values, people.similarity) for name, values in scores.items()}


def _compare(score: np.ndarray, similarity: np.ndarray) -> tuple[float, float]:
    error = float(np.sqrt(np.mean((score - similarity) ** 2)))
    if _is_constant(score) or _is_constant(similarity):
        return error, float("nan")
    return error, float(np.corrcoef(score, similarity)[0, 1])


def _is_constant(values: np.ndarray) -> bool:
    """Whether all are equal, but for what a network's float32 may differ by from row to row."""
    return bool(np.ptp(values) <= 1e-5 * np.abs(values).max())
