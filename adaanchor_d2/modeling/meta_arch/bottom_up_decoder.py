"""From the maps of a batch of images to their people: locate, tag, group, and fill on demand.

B images, K keypoint types, M located keypoints per type, N people of an image, C candidates.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ..anchors.geometry import candidate_xy
from ..decoders import LocatedKeypoints, fill_missing
from .people import ImageKeypoints, group_people, people_instances, person_scores
from .results import drop_padding, gather_results
from .taggers import Tagger


class BottomUpDecoder:
    """Decodes maps once, at the lowest threshold, and groups at each."""

    def __init__(
        self,
        head: nn.Module,
        tagger: Tagger,
        *,
        gamma: float = 0.1,
        gammas: Sequence[float] = (),
        max_people: int = 30,
        joint_order: Sequence[int] | None = None,
        fills_missing: bool = False,
    ) -> None:
        """
        Args:
            head, tagger: the model's.
            gamma: keypoints with a lower confidence are no results.
            gammas: further thresholds.
            max_people: of an image; also the most candidates of a type.
            joint_order: the order in which types are grouped; as numbered when None.
            fills_missing: give every person the types that it lacks (HigherHRNet's refinement).
        """
        self.head = head
        self.tagger = tagger
        self.gamma = gamma
        self.gammas = tuple(gammas)
        self.max_people = max_people
        self.joint_order = joint_order
        self.fills_missing = fills_missing

    def __call__(
        self,
        maps,
        tag_maps: Tensor | None,
        image_sizes: list[tuple[int, int]],
        batched_inputs: list[dict],
    ) -> list[dict]:
        """Return one result per image, see ``BottomUpPose.forward``.

        Keypoints whose anchor lies in the padding are left out.

        Args:
            image_sizes: (height, width) of each image without padding.
        """
        located = self.head.inference_many(maps, min((self.gamma, *self.gammas)), self.max_people)
        drop_padding(located, image_sizes)
        tags = self.tagger.sample(tag_maps, located.xy, batched_inputs)
        keypoints = _per_image(located, batched_inputs)
        instances, rows = {}, {}
        for gamma in (self.gamma, *self.gammas):
            people = [
                group_people(image, image_tags, gamma, self.max_people, self.joint_order)
                for image, image_tags in zip(keypoints, tags.cpu(), strict=True)
            ]
            scores = [person_scores(*pair) for pair in zip(keypoints, people, strict=True)]
            joints = keypoints
            if self.fills_missing:
                joints, people = self._fill(maps, tag_maps, tags, keypoints, people, batched_inputs)
            sizes = [(sample["height"], sample["width"]) for sample in batched_inputs]
            instances[gamma] = list(map(people_instances, joints, people, scores, sizes))
            rows[gamma] = [image.rows(gamma) for image in keypoints]
        return gather_results(instances, rows, self.gamma, self.gammas)

    def _fill(
        self, maps, tag_maps, tags: Tensor, keypoints: list, people: list, batched_inputs: list
    ) -> tuple[list[ImageKeypoints], list[Tensor]]:
        """Return keypoints with those that fill people's gaps behind them, and filled people."""
        confidence = self.head.confidence(maps)
        places = candidate_xy(*confidence.shape[2:], self.head.place, like=confidence)
        places = (places * self.head.stride).expand(*confidence.shape[:2], *places.shape)
        candidate_tags = self.tagger.sample(tag_maps, places, batched_inputs)
        index = confidence.new_full((*tags.shape[:2], self.max_people), -1, dtype=torch.long)
        for number, image_people in enumerate(people):
            filled = fill_missing(
                image_people.numpy(),
                tags[number, ..., None].cpu().numpy(),
                confidence[number].flatten(1).cpu().numpy(),
                candidate_tags[number, ..., None].cpu().numpy(),
            )
            index[number, :, : len(filled)] = torch.from_numpy(filled).T
        extra = _per_image(self.head.locate(maps, index), batched_inputs)
        joined = [image.joined(more) for image, more in zip(keypoints, extra, strict=True)]
        slot = tags.shape[2] + torch.arange(self.max_people)[:, None]
        filled = [
            torch.where(more.valid.T[: len(image_people)], slot[: len(image_people)], image_people)
            for more, image_people in zip(extra, people, strict=True)
        ]
        return joined, filled


def _per_image(located: LocatedKeypoints, batched_inputs: list[dict]) -> list[ImageKeypoints]:
    located = located.cpu()
    return [
        ImageKeypoints.of(located, index, sample["crop_to_image"])
        for index, sample in enumerate(batched_inputs)
    ]
