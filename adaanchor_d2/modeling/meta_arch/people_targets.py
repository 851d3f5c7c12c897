"""The people of a batch as targets: of their keypoints, of their centres, of whole poses.

K keypoint types, P people of the batch, S candidates where a pose is supervised. Coordinates are in
stride units.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from ..anchors import Assignment, KeypointTargets
from ..anchors.geometry import index_to_xy
from ..heads import PoseSupervision, pose_weights


@dataclass
class PeopleTargets:
    """People with at least one labelled keypoint.

    Attributes:
        xy: (P, K, 2), may lie outside the map.
        labelled: (P, K) bool.
        image_index: (P,) int64, ascending.
        person_index: (P,) int64 number of the person within the image.
    """

    xy: Tensor
    labelled: Tensor
    image_index: Tensor
    person_index: Tensor

    @classmethod
    def of(cls, people_of_images: list[Tensor], stride: int) -> "PeopleTargets":
        """Join the people of each image.

        Args:
            people_of_images: (P, K, 3) each, x, y in input pixels and visibility.
        """
        people = torch.cat(people_of_images)
        return cls(
            people[..., :2] / stride,
            people[..., 2] > 0,
            torch.tensor([i for i, group in enumerate(people_of_images) for _ in group]).long(),
            torch.tensor([n for group in people_of_images for n in range(len(group))]).long(),
        )

    def __len__(self) -> int:
        return len(self.xy)

    def to(self, device: torch.device, dtype: torch.dtype) -> "PeopleTargets":
        """Return the people on a device, their places as ``dtype``."""
        return PeopleTargets(
            self.xy.to(device, dtype, non_blocking=True),
            *(
                tensor.to(device, non_blocking=True)
                for tensor in (self.labelled, self.image_index, self.person_index)
            ),
        )

    def keypoints(self) -> KeypointTargets:
        """Return all labelled keypoints."""
        person, type_index = self.labelled.nonzero(as_tuple=True)
        xy, image_index = self.xy[person, type_index], self.image_index[person]
        return KeypointTargets(xy, image_index, type_index, self.person_index[person])

    def centers(self) -> KeypointTargets:
        """Return the centre of each person, the mean of its labelled keypoints, as type 0."""
        labelled = self.labelled[..., None]
        xy = (self.xy * labelled).sum(dim=1) / labelled.sum(dim=1)
        type_index = torch.zeros_like(self.image_index)
        return KeypointTargets(xy, self.image_index, type_index, self.person_index)

    def pose_supervision(
        self,
        assignment: Assignment,
        map_size: tuple[int, int],
        radius: float,
        place: float | Tensor,
    ) -> PoseSupervision:
        """Return the candidates from which poses are regressed, and the offsets to all keypoints.

        These are the anchors of a person's centre and all candidates within ``radius`` of one, in a
        square. A candidate that serves two people goes to the one of smaller extent; of equal ones
        to the first. Labelled keypoints outside the map are supervised like the others.

        Args:
            assignment: of :meth:`centers`.
            map_size: (H, W).
            radius: stride units.
            place: where a candidate sits in its cell.
        """
        height, width = map_size
        person, candidate = _spread(*assignment.positives(), height, width, int(radius))
        weight = pose_weights(self.xy, self.labelled)
        cell = self.image_index[person] * (height * width) + candidate
        kept = _first_of_each(cell, rank=weight.amax(dim=1)[person])
        person, candidate = person[kept], candidate[kept]
        places = index_to_xy(candidate, width, place, dtype=self.xy.dtype)
        target = self.xy[person] - places[:, None]
        return PoseSupervision(self.image_index[person], candidate, target, weight[person])


def _spread(
    person: Tensor, anchor: Tensor, height: int, width: int, radius: int
) -> tuple[Tensor, Tensor]:
    """Return the people and candidates of the squares around anchors, inside the map."""
    if radius == 0:
        return person, anchor
    steps = torch.arange(-radius, radius + 1, device=anchor.device)
    row = torch.div(anchor, width, rounding_mode="floor")
    column = (anchor - row * width)[:, None, None] + steps[None, None, :]
    row = row[:, None, None] + steps[None, :, None]
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    return person[inside.nonzero()[:, 0]], (row * width + column)[inside]


def _first_of_each(key: Tensor, rank: Tensor) -> Tensor:
    """Return the indices, ascending, of one of each key: of the highest rank, of those the first.

    Args:
        key: (S,) int64.
        rank: (S,).
    """
    order = rank.argsort(descending=True, stable=True)
    order = order[key[order].argsort(stable=True)]
    is_first = torch.ones_like(key, dtype=torch.bool)
    is_first[1:] = key[order][1:] != key[order][:-1]
    return order[is_first].sort().values
