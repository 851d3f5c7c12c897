"""Pictures of anchors: where a keypoint was found from (figure 4 of the paper)."""

from dataclasses import dataclass

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import nn

TARGET_COLOR = "#ff3b30"
ANCHOR_COLOR = "#ffd60a"
CHOSEN_COLOR = "#00e5ff"


@dataclass
class AnchorView:
    """How one model locates the keypoints of one crop. All in crop pixels, continuous.

    Attributes:
        selected_xy: (K, A, 2), the anchors that training would select for the true keypoint; NaN
            where there are fewer.
        anchor_xy: (K, 2), the anchor that inference uses.
        xy: (K, 2), the keypoint found from it.
        score: (K,); None where the anchor rule has no confidence.
    """

    selected_xy: np.ndarray
    anchor_xy: np.ndarray
    xy: np.ndarray
    score: np.ndarray | None


@torch.no_grad()
def view_anchors(model: nn.Module, samples: list[dict]) -> list[AnchorView]:
    """Run a :class:`SinglePose` in evaluation mode on samples that have ``keypoints``."""
    model.eval()
    maps = model.dense_maps(model.preprocess_images(samples))
    located = model.head.inference(maps)
    targets, _ = model.keypoint_targets(samples)
    assignment = model.head.label(maps, targets)
    selected = model.head.anchor_places(maps, assignment)
    num_keypoints = model.head.num_keypoints
    by_type = selected.new_full((len(samples), num_keypoints, *selected.shape[1:]), torch.nan)
    by_type[targets.image_index, targets.type_index] = selected
    return [
        AnchorView(
            by_type[index].cpu().numpy(),
            located.anchor_xy[index, :, 0].cpu().numpy(),
            located.xy[index, :, 0].cpu().numpy(),
            located.score[index, :, 0].cpu().numpy() if model.head.has_confidence else None,
        )
        for index in range(len(samples))
    ]


def draw_anchor_figure(
    cases: list[tuple[dict, int]], views: dict[str, list[AnchorView]], names: tuple[str, ...]
) -> Figure:
    """Draw one row a case: the target, then for each model its anchors and what it found.

    Args:
        cases: (sample, keypoint type); the sample's image is in RGB order.
        views: {title: one view per case}.
        names: of the keypoint types.
    """
    columns = 1 + len(views)
    figure = Figure(figsize=(2.6 * columns, 2.75 * len(cases) + 0.4), layout="constrained")
    axes = figure.subplots(len(cases), columns, squeeze=False)
    # A data set without hidden keypoints does not tell visible ones either.
    tells_hidden = any(sample["keypoints"][kind, 2] == 1 for sample, kind in cases)
    for row, (sample, kind) in enumerate(cases):
        x, y, visibility = sample["keypoints"][kind].tolist()
        state = "" if not tells_hidden else ", visible" if visibility == 2 else ", hidden"
        for axis in axes[row]:
            _show_crop(axis, sample)
            axis.plot(x, y, "o", mfc="none", mec=TARGET_COLOR, ms=11, mew=2)
        axes[row, 0].set_title(f"{names[kind].replace('_', ' ')}{state}", fontsize=9)
        for axis, (title, looks) in zip(axes[row, 1:], views.items(), strict=True):
            view = looks[row]
            _draw_view(axis, view, kind, (x, y))
            score = "" if view.score is None else f": {view.score[kind]:.2f}"
            axis.set_title(title + score, fontsize=9)
    figure.suptitle(
        "red ring: keypoint;  yellow: anchors selected for it, lines to it;\n"
        "cyan: most confident anchor, arrow to what it finds",
        fontsize=8,
    )
    return figure


def _show_crop(axis: Axes, sample: dict) -> None:
    height, width = sample["image"].shape[1:]
    axis.imshow(sample["image"].permute(1, 2, 0).numpy(), extent=(0, width, height, 0))
    axis.set(xlim=(0, width), ylim=(height, 0), xticks=[], yticks=[])


def _draw_view(axis: Axes, view: AnchorView, kind: int, target: tuple[float, float]) -> None:
    for place in view.selected_xy[kind]:
        axis.plot(*zip(place, target, strict=True), color=ANCHOR_COLOR, lw=0.5, alpha=0.6)
    axis.plot(*view.selected_xy[kind].T, "s", color=ANCHOR_COLOR, ms=3.2, alpha=0.85, mew=0)
    anchor, found = view.anchor_xy[kind], view.xy[kind]
    axis.annotate(
        "",
        found,
        anchor,
        arrowprops={
            "arrowstyle": "->",
            "color": CHOSEN_COLOR,
            "lw": 1.6,
            "shrinkA": 0,
            "shrinkB": 0,
        },
        annotation_clip=False,
    )
    axis.plot(*anchor, "D", color=CHOSEN_COLOR, ms=5, mec="black", mew=0.6)
