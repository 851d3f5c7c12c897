"""How good a candidate's estimate is: an output that scores, and chooses nothing.

Confidence answers "is this candidate an anchor?", and AdaAnchor lets it say yes on hidden keypoints
that are found badly. Quality answers "how near to the keypoint is this candidate's estimate?". It
reads the features and does not change them, so that a model finds exactly what it finds without.

What it learns was chosen on a trained AdaAnchor (quick start, seed 0, the features frozen, 1,500
steps; the even images of 1,000). AUROC of the quality for "the keypoint is right", of all and of
hidden keypoints, and its calibration error as it is:

    the confidence                                 0.59  0.65  0.17
    at the anchors, sigma 0.2                      0.80  0.77  0.43
                    sigma 0.5                      0.80  0.76  0.10
                    sigma 0.7                      0.79  0.75  0.08
                    sigma 1                        0.77  0.74  0.13
                    sigma 1.5                      0.75  0.73  0.19
    at the most confident candidate, sigma 0.5     0.79  0.75  0.13
    at both, sigma 0.5                             0.80  0.76  0.11
    at the anchors, sigma 0.5, cross-entropy
        times (p - r)^2 (quality focal loss)       0.78  0.75  0.15

A keypoint is right there within 1.2 strides (the median); calibration mends the last column. Both
kinds of candidates are taken because FixAnchor's anchors, the nearest to the target, are never bad.

B images, K keypoint types, H W map size, T targets, P candidates, A anchors of a target.
"""

import torch
from torch import Tensor, nn

from ..anchors import AnchorMaps, Assignment, KeypointTargets
from ..anchors.geometry import estimates_of
from ..losses import quality_loss
from .base import mean_over_processes


class QualityOutput(nn.Module):
    """A 1x1 convolution of detached features, K channels.

    It learns, by binary cross-entropy, the accuracy ``r = exp(-|P_r - P*|^2 / (2 sigma^2))`` of
    the refined estimates (eq. 8 with a sigma of its own) of the selected anchors, each for its
    target, and of as many of the most confident candidates of each map, what inference chooses
    from, for the nearest target of the map (0 where there is none).
    """

    def __init__(self, channels: int, num_keypoints: int, sigma: float) -> None:
        """
        Args:
            channels: of the feature map.
            sigma: stride units.
        """
        super().__init__()
        self.sigma = sigma
        self.predictor = nn.Conv2d(channels, num_keypoints, kernel_size=1)
        nn.init.normal_(self.predictor.weight, std=0.001)
        nn.init.zeros_(self.predictor.bias)

    def forward(self, features: Tensor) -> Tensor:
        """Return the logits (B, K, H, W) of features (B, C, H, W)."""
        return self.predictor(features.detach())

    def losses(
        self,
        maps: AnchorMaps,
        targets: KeypointTargets,
        assignment: Assignment,
        supervised: Tensor,
    ) -> dict[str, Tensor]:
        """The mean over the candidates that it is taken at; see ``mean_over_processes``."""
        anchors = self._at_anchors(maps, targets, assignment)
        confident = self._at_most_confident(maps, targets, assignment, supervised)
        map_index, anchor_index, accuracy = map(torch.cat, zip(anchors, confident, strict=True))
        logits = maps.quality_logits.flatten(0, 1)
        loss = quality_loss(logits, map_index, anchor_index, accuracy)
        return {"loss_quality": loss / mean_over_processes(len(map_index), logits)}

    @torch.no_grad()
    def _at_anchors(
        self, maps: AnchorMaps, targets: KeypointTargets, assignment: Assignment
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return (map_index, anchor_index, accuracy), each (P,), of the selected anchors."""
        target_index, anchor_index = assignment.positives()
        map_index = targets.map_index(maps.offsets.shape[1])[target_index]
        estimates = estimates_of(maps, map_index, anchor_index)
        return map_index, anchor_index, self._accuracy(estimates, targets.xy[target_index])

    @torch.no_grad()
    def _at_most_confident(
        self,
        maps: AnchorMaps,
        targets: KeypointTargets,
        assignment: Assignment,
        supervised: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The same of the A most confident supervised candidates of each map."""
        logits = maps.confidence_logits.masked_fill(~supervised, -torch.inf).flatten(0, 1)
        value, index = logits.flatten(1).topk(assignment.anchor_index.shape[1], dim=1)
        map_index = torch.arange(len(index), device=index.device)[:, None].expand_as(index)
        estimates = estimates_of(maps, map_index.flatten(), index.flatten()).view(*index.shape, 2)
        map_of_target = targets.map_index(maps.offsets.shape[1])
        each = self._accuracy(estimates[map_of_target], targets.xy[:, None])
        accuracy = each.new_zeros(index.shape).scatter_reduce_(
            0, map_of_target[:, None].expand_as(each), each, "amax"
        )
        counted = value > -torch.inf
        return map_index[counted], index[counted], accuracy[counted]

    def _accuracy(self, estimates: Tensor, target_xy: Tensor) -> Tensor:
        squared = (estimates - target_xy).square().sum(dim=-1)
        return torch.exp(squared * (-0.5 / self.sigma**2))
