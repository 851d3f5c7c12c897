"""What the heads share: the order of a step, the grid's place, normalizers over processes."""

import logging

import torch
import torch.distributed as dist
from detectron2.utils.events import get_event_storage, has_event_storage
from torch import Tensor, nn

from ..anchors import Assignment, KeypointTargets
from ..anchors.geometry import index_to_xy

logger = logging.getLogger(__name__)

DIAGNOSTICS_PERIOD = 20


class KeypointHead(nn.Module):
    """Base of the heads; see ``KEYPOINT_HEAD_REGISTRY`` for what a head offers."""

    has_confidence = True
    estimates_at_candidates = False
    reads_tags = False

    def forward(
        self, features: Tensor, targets: KeypointTargets, supervised: Tensor
    ) -> dict[str, Tensor]:
        """Return the losses of one batch of features (B, C, H, W)."""
        maps = self.predict(features)
        return self.losses(maps, targets, self.assign(maps, targets), supervised)

    def assign(self, maps, targets: KeypointTargets) -> Assignment:
        """``label``, and in training tell the curves now and then how the anchors lie."""
        assignment = self.label(maps, targets)
        if has_event_storage() and get_event_storage().iter % DIAGNOSTICS_PERIOD == 0:
            get_event_storage().put_scalars(**self.diagnostics(maps, targets, assignment))
        return assignment

    def selection_scores(self, maps, targets: KeypointTargets) -> Tensor | None:
        """Return (T, H, W), by what the rule chooses among all candidates, from 0 to 1 or 2.

        None where the rule chooses by place alone.
        """
        return None

    def diagnostics(
        self, maps, targets: KeypointTargets, assignment: Assignment
    ) -> dict[str, float]:
        """Scalars about the anchors of a batch that training curves should show."""
        return {}


class OnGrid(nn.Module):
    """Base of the modules whose candidates sit on a grid.

    Where a candidate sits in its cell belongs to the weights: features that were trained with a
    place answer with it. So ``place`` is a buffer: it is saved with the weights, and weights that
    bring one (imported ones do) set it, whatever the config says. Weights without leave it.
    """

    def __init__(self, place: float = 0.5) -> None:
        """
        Args:
            place: fraction of the stride, see ``anchors/geometry.py``.
        """
        super().__init__()
        self.register_buffer("place", torch.tensor(float(place)))

    def _load_from_state_dict(self, state_dict, prefix, *args) -> None:
        loaded = state_dict.setdefault(prefix + "place", self.place)
        if loaded.shape == self.place.shape and loaded.item() != self.place.item():
            logger.info(
                "The weights bring their grid: candidates sit at %g of the stride (so far %g).",
                loaded.item(),
                self.place.item(),
            )
        super()._load_from_state_dict(state_dict, prefix, *args)


class GridHead(OnGrid, KeypointHead):
    """Base of the heads whose candidates sit on a grid."""


def anchor_pixels(assignment: Assignment, width: int, stride: int, place: Tensor) -> Tensor:
    """Return (T, A, 2), where the anchors are in input pixels; NaN in empty slots."""
    index = assignment.anchor_index
    xy = index_to_xy(index, width, place, dtype=assignment.score.dtype) * stride
    return xy.masked_fill((index < 0)[..., None], torch.nan)


def mean_over_processes(count: int | Tensor, like: Tensor) -> Tensor:
    """Return the sum of ``count`` over all processes, at least 1, divided by their number.

    Losses divided by it and averaged over processes (as DistributedDataParallel averages their
    gradients) equal the loss of one process that holds the whole batch.
    """
    dtype = torch.promote_types(like.dtype, torch.float32)
    total = torch.as_tensor(count, device=like.device).to(dtype, copy=True)
    world_size = dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1
    if world_size > 1:
        dist.all_reduce(total)
    return total.clamp(min=1.0) / world_size
