"""The rules that choose the anchors of every target. They return indices, never losses.

Work and memory grow with the number of labelled targets: targets are handled in chunks, so that
no temporary holds more than ``MAX_ELEMENTS`` candidate scores.
"""

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from .geometry import candidate_xy, refined_xy
from .selection import select_top, settle_conflicts
from .structures import AnchorMaps, Assignment, KeypointTargets

MAX_ELEMENTS = 2**22


class AdaAnchorAssigner:
    """Adaptive anchors: the candidates that are at once confident and accurate (section 3.2).

    A candidate's score (eq. 8, 9) is ``s = sigmoid(c) * r`` or ``sigmoid(c) + r`` with
    ``r = exp(-|P_r - P*|^2 / (2 sigma^2))``; the top A by s are the anchors (eq. 11). The product
    is ordered by its logarithm, in float32 or wider: it never underflows, so a target far outside
    the map still orders its candidates.
    """

    def __init__(
        self,
        num_anchors: int = 20,
        sigma: float = 4.0,
        fusion: str = "mul",
    ) -> None:
        """
        Args:
            num_anchors: A of eq. 11; 1 is eq. 10.
            sigma: of eq. 8, stride units.
            fusion: "mul" or "add".
        """
        if fusion not in ("mul", "add"):
            raise ValueError(f'fusion must be "mul" or "add", not {fusion!r}.')
        if num_anchors < 1 or sigma <= 0:
            raise ValueError(
                f"num_anchors and sigma must be positive, not {num_anchors} and {sigma}."
            )
        self.num_anchors = num_anchors
        self.sigma = sigma
        self.fusion = fusion

    @torch.no_grad()
    def __call__(self, maps: AnchorMaps, targets: KeypointTargets) -> Assignment:
        """Choose the anchors of all targets.

        Args:
            maps: predictions, any floating dtype.
            targets: T targets; T = 0 gives an empty assignment.
        """
        return _assign_in_chunks(maps, targets, self.num_anchors, self._score, self._to_score)

    @torch.no_grad()
    def candidate_scores(self, maps: AnchorMaps, targets: KeypointTargets) -> Tensor:
        """Return s (T, H * W) of all candidates of few targets: memory is not bounded."""
        return self._to_score(self._score(maps, targets))

    def _score(self, maps: AnchorMaps, targets: KeypointTargets) -> Tensor:
        """(T, H * W) values that order the candidates of each target."""
        num_types, height, width = maps.confidence_logits.shape[1:]
        map_index, map_of_target = targets.map_index(num_types).unique(return_inverse=True)
        image = torch.div(map_index, num_types, rounding_mode="floor")
        kind = map_index - image * num_types
        dtype = targets.xy.dtype
        logits = maps.confidence_logits[image, kind].flatten(1).to(dtype)
        offsets = maps.offsets[image, kind].flatten(2).transpose(1, 2).to(dtype)
        local_maps = None
        if maps.local_offsets is not None:
            local_maps = maps.local_offsets[image, kind].to(dtype)
        anchors = candidate_xy(height, width, maps.place, like=offsets)
        estimates = refined_xy(anchors, offsets, local_maps, maps.place)
        # Several targets may share one map: estimates and logits are looked up, not recomputed.
        dx = estimates[..., 0][map_of_target] - targets.xy[:, :1]
        dy = estimates[..., 1][map_of_target] - targets.xy[:, 1:]
        log_accuracy = (dx.square_() + dy.square_()).mul_(-0.5 / self.sigma**2)
        if self.fusion == "mul":
            return log_accuracy + logsigmoid(logits)[map_of_target]
        return log_accuracy.exp_() + logits.sigmoid()[map_of_target]

    def _to_score(self, order_score: Tensor) -> Tensor:
        return order_score.exp() if self.fusion == "mul" else order_score


class FixedAnchorAssigner:
    """FixAnchor's rule (table 1): the A candidates nearest to the target.

    The score of an anchor is minus its distance to the target (stride units), so that a candidate
    between two targets goes to the nearer.
    """

    def __init__(self, num_anchors: int = 20) -> None:
        if num_anchors < 1:
            raise ValueError(f"num_anchors must be positive, not {num_anchors}.")
        self.num_anchors = num_anchors

    @torch.no_grad()
    def __call__(self, maps: AnchorMaps, targets: KeypointTargets) -> Assignment:
        """As :meth:`AdaAnchorAssigner.__call__`; only the grid of ``maps`` is read."""
        return _assign_in_chunks(maps, targets, self.num_anchors, self._score, self._to_score)

    def _score(self, maps: AnchorMaps, targets: KeypointTargets) -> Tensor:
        anchors = candidate_xy(*maps.confidence_logits.shape[-2:], maps.place, like=targets.xy)
        dx = anchors[:, 0] - targets.xy[:, :1]
        dy = anchors[:, 1] - targets.xy[:, 1:]
        return (dx.square_() + dy.square_()).neg_()

    def _to_score(self, order_score: Tensor) -> Tensor:
        return -order_score.neg().sqrt()


def _assign_in_chunks(
    maps: AnchorMaps, targets: KeypointTargets, num_anchors: int, order_fn, score_fn
) -> Assignment:
    num_types, height, width = maps.confidence_logits.shape[1:]
    num_anchors = min(num_anchors, height * width)
    dtype = torch.promote_types(maps.offsets.dtype, torch.float32)
    targets = KeypointTargets(
        targets.xy.to(dtype), targets.image_index, targets.type_index, targets.person_index
    )
    if len(targets) == 0:
        empty = targets.xy.new_zeros((0, num_anchors))
        return Assignment(empty.long(), empty, empty.bool())
    chunk = max(1, MAX_ELEMENTS // (height * width))
    indices, values = [], []
    for start in range(0, len(targets), chunk):
        order_score = order_fn(maps, targets[start : start + chunk])
        index = select_top(order_score, num_anchors)
        indices.append(index)
        values.append(order_score.gather(1, index))
    index, order_score = torch.cat(indices), torch.cat(values)
    index, shared = settle_conflicts(index, order_score, targets.map_index(num_types))
    return Assignment(index, score_fn(order_score).masked_fill(index < 0, 0.0), shared)
