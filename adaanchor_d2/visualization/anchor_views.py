"""From where a model finds a keypoint: what its head sees and chooses, as arrays."""

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn


@dataclass
class AnchorView:
    """How one model finds one keypoint of one sample. All in input pixels, continuous.

    A model that locates centres (single-stage pose) has the person's centre as its target.

    Attributes:
        image: (H, W, 3) uint8, RGB, the input.
        keypoints: (K, 3) of the person, x, y and v.
        kind: the keypoint's type.
        is_crop: whether the input is one person's crop, else an image with everybody.
        target_xy: (2,), what the head is to locate.
        selected_xy: (A, 2), the anchors that training would select for it; NaN where there are
            fewer.
        nearest_xy: (2,), the candidate nearest to the target, which is the heatmap's anchor; NaN
            without a grid of candidates.
        anchor_xy, located_xy: (2,), the anchor that inference uses, and what the head locates from
            there; of several the one located nearest to the target. NaN where there is none.
        found_xy: (2,), the keypoint found: ``located_xy``, or where the pose from a located centre
            puts it.
        score: the confidence at the anchor; None where the rule has none or nothing is located.
        maps: {name: (H, W)} of all candidates: their ``confidence``, and by what the anchors were
            chosen, the ``score s`` of eq. 9, where there are such.
        cell: input pixels between two candidates.
        origin: (2,), the left upper corner of the first candidate's cell.
    """

    image: np.ndarray
    keypoints: np.ndarray
    kind: int
    is_crop: bool
    target_xy: np.ndarray
    selected_xy: np.ndarray
    nearest_xy: np.ndarray
    anchor_xy: np.ndarray
    located_xy: np.ndarray
    found_xy: np.ndarray
    score: float | None
    maps: dict[str, np.ndarray] = field(default_factory=dict)
    cell: float = 1.0
    origin: tuple[float, float] = (0.0, 0.0)


@torch.no_grad()
def view_anchors(
    model: nn.Module, cases: list[tuple[dict, np.ndarray, int]], image_format: str = "RGB"
) -> list[AnchorView]:
    """See how a model finds keypoints.

    Args:
        model: any of the meta-architectures; put into evaluation mode.
        cases: (sample, the person's keypoints (K, 3) in it, type of a labelled keypoint).
        image_format: of the samples' images, "RGB" or "BGR".
    """
    model.eval()
    return [_view(model, *case, image_format) for case in cases]


def _view(
    model: nn.Module, sample: dict, keypoints: np.ndarray, kind: int, image_format: str
) -> AnchorView:
    view, head = model.view_head(sample), model.head
    image = sample["image"].permute(1, 2, 0).numpy()
    if image_format == "BGR":
        image = image[..., ::-1]
    is_crop = "people_keypoints" not in sample
    # Single-stage models locate one type, the centres; the keypoint is one of the pose's.
    target_xy = keypoints[kind, :2] if view.poses is None else _center(keypoints)
    located_type = kind if view.poses is None else 0
    row = _target_row(view.targets, target_xy / head.stride, located_type)
    selected = head.anchor_places(view.maps, head.label(view.maps, view.targets))[row]
    places = {"nearest_xy": np.full(2, np.nan), "maps": {}}
    if head.has_confidence:
        confidence = head.confidence(view.maps)[0, located_type]
        places = _grid(confidence, head, target_xy)
        places["maps"] = {"confidence": confidence.cpu().numpy()}
        scores = head.selection_scores(view.maps, view.targets)
        if scores is not None:
            places["maps"]["score s"] = scores[row].cpu().numpy()
    found = _found(view, target_xy, located_type, kind)
    if not head.has_confidence:
        found["score"] = None
    return AnchorView(
        image,
        keypoints,
        kind,
        is_crop,
        target_xy,
        selected.cpu().numpy(),
        **found,
        **places,
    )


def _center(keypoints: np.ndarray) -> np.ndarray:
    """Return the mean of the labelled keypoints, what single-stage models call a centre."""
    return keypoints[keypoints[:, 2] > 0, :2].mean(axis=0)


def _target_row(targets, xy: np.ndarray, located_type: int) -> int:
    """Return the row of the target of a type that lies at xy, stride units."""
    away = np.linalg.norm(targets.xy.cpu().numpy() - xy, axis=1)
    of_type = targets.type_index.cpu().numpy() == located_type
    return int(np.where(of_type, away, np.inf).argmin())


def _grid(confidence: torch.Tensor, head: nn.Module, target_xy: np.ndarray) -> dict:
    place = float(head.place)
    size = np.array(confidence.shape[::-1])
    nearest = np.clip(np.round(target_xy / head.stride - place), 0, size - 1)
    origin = ((place - 0.5) * head.stride,) * 2
    nearest_xy = (nearest + place) * head.stride
    return {"nearest_xy": nearest_xy, "cell": float(head.stride), "origin": origin}


def _found(view, target_xy: np.ndarray, located_type: int, kind: int) -> dict:
    """Return what of a type was located nearest to the target, and the keypoint found so."""
    located = view.located.cpu()
    xy, anchors, score, valid = (
        tensor[0, located_type].numpy()
        for tensor in (located.xy, located.anchor_xy, located.score, located.valid)
    )
    if not valid.any():
        nowhere = np.full(2, np.nan)
        return {
            "anchor_xy": nowhere,
            "located_xy": nowhere,
            "found_xy": nowhere,
            "score": None,
        }
    away = np.where(valid, np.linalg.norm(xy - target_xy, axis=1), np.inf)
    best = int(away.argmin())
    found_xy = xy[best] if view.poses is None else view.poses[best, kind].numpy()
    return {
        "anchor_xy": anchors[best],
        "located_xy": xy[best],
        "found_xy": found_xy,
        "score": float(score[best]),
    }
