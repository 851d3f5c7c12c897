"""The anchor head's losses, inference and diagnostics, by hand and against plain loops."""

import pytest
import torch
from detectron2.layers import ShapeSpec
from fvcore.nn import sigmoid_focal_loss

from adaanchor_d2.modeling.anchors import (
    AdaAnchorAssigner,
    AnchorMaps,
    FixedAnchorAssigner,
    KeypointTargets,
)
from adaanchor_d2.modeling.heads import AnchorHead

STRIDE, HEIGHT, WIDTH = 4, 5, 6


def make_head(assigner=None, **changes):
    shape = ShapeSpec(channels=3, stride=STRIDE)
    assigner = assigner or FixedAnchorAssigner(3)
    return AnchorHead(input_shape=shape, num_keypoints=2, assigner=assigner, **changes)


def random_maps(seed, batch=2):
    generator = torch.Generator().manual_seed(seed)
    shape = (batch, 2, 2, HEIGHT, WIDTH)
    return AnchorMaps(
        torch.randn(shape[:2] + shape[3:], generator=generator),
        torch.randn(shape, generator=generator),
        torch.randn(shape, generator=generator),
    )


def make_targets(*rows):
    """Targets from rows x, y (stride units), image, type."""
    x, y, image, kind = zip(*rows, strict=True)
    xy = torch.tensor([x, y], dtype=torch.float32).T
    return KeypointTargets(xy, torch.tensor(image), torch.tensor(kind))


def place(index):
    return torch.tensor([index % WIDTH + 0.5, index // WIDTH + 0.5])


def test_the_outputs_of_the_convolution():
    """K logits, then K (x, y) offsets, then K (x, y) local offsets; a new head says the prior."""
    head = make_head(prior_prob=0.1)
    torch.nn.init.zeros_(head.predictor.weight)
    maps = head.predict(torch.zeros(1, 3, HEIGHT, WIDTH))
    assert maps.confidence_logits.sigmoid().unique().item() == pytest.approx(0.1)
    assert maps.offsets.abs().sum() == 0 and maps.local_offsets.abs().sum() == 0
    with torch.no_grad():
        head.predictor.bias.copy_(torch.arange(10.0))
    maps = head.predict(torch.zeros(1, 3, HEIGHT, WIDTH))
    assert maps.confidence_logits[0, :, 0, 0].tolist() == [0, 1]
    assert maps.offsets[0, :, :, 0, 0].tolist() == [[2, 3], [4, 5]]
    assert maps.local_offsets[0, :, :, 0, 0].tolist() == [[6, 7], [8, 9]]


def test_losses_equal_plain_loops():
    """Eq. 4: both parts over A T; lambda; the local loss over the candidates it is taken at."""
    head = make_head(offset_loss_weight=0.3, local_loss_weight=0.7, local_radius=1.2)
    maps = random_maps(0)
    targets = make_targets((2.2, 1.4, 0, 1), (4.9, 3.3, 1, 0), (-3.0, 9.0, 1, 1))
    supervised = torch.tensor([[False, True], [True, True]])[..., None, None]
    assignment = head.label(maps, targets)
    losses = head.losses(maps, targets, assignment, supervised)

    positive = torch.zeros_like(maps.confidence_logits)
    offset, local, num_local = 0.0, 0.0, 0
    for row in range(len(targets)):
        where = (targets.image_index[row], targets.type_index[row])
        for index in assignment.anchor_index[row].tolist():
            positive[where].view(-1)[index] = 1
            found = place(index) + maps.offsets[where].flatten(1)[:, index]
            offset += (found - targets.xy[row]).abs().sum()
        for index in range(HEIGHT * WIDTH):
            if (place(index) - targets.xy[row]).norm() <= 1.2:
                found = place(index) + maps.local_offsets[where].flatten(1)[:, index]
                local += (found - targets.xy[row]).abs().sum()
                num_local += 1
    focal = sigmoid_focal_loss(maps.confidence_logits, positive, 0.25, 2.0) * supervised
    assert num_local > 4
    torch.testing.assert_close(losses["loss_confidence"], focal.sum() / 9)
    torch.testing.assert_close(losses["loss_offset"], 0.3 * offset / 9)
    torch.testing.assert_close(losses["loss_local"], 0.7 * local / num_local)


def test_targets_that_lost_an_anchor_still_count_in_the_normalizer():
    head = make_head(local_refinement=False)
    maps = random_maps(1)
    maps.local_offsets = None
    targets = make_targets((2.2, 1.4, 0, 1), (2.3, 1.4, 0, 1))
    assignment = head.label(maps, targets)
    assert (assignment.anchor_index < 0).sum() == 3
    losses = head.losses(maps, targets, assignment, torch.ones(1, 1, 1, 1, dtype=torch.bool))
    target_index, anchor_index = assignment.positives()
    offset = sum(
        (place(i) + maps.offsets[0, 1].flatten(1)[:, i] - targets.xy[t]).abs().sum()
        for t, i in zip(target_index.tolist(), anchor_index.tolist(), strict=True)
    )
    torch.testing.assert_close(losses["loss_offset"], 0.15 * offset / 6)
    assert set(losses) == {"loss_confidence", "loss_offset"}


def test_shared_share_counts_every_candidate_once():
    """A candidate that three targets chose is one shared candidate, not two."""
    head = make_head(FixedAnchorAssigner(2))
    maps = random_maps(2)
    near = make_targets((0.9, 0.5, 0, 0), (1.0, 0.4, 0, 0), (2.1, 0.5, 0, 0), (1.0, 0.5, 0, 1))
    chosen = [head.label(maps, near[row : row + 1]).anchor_index[0].tolist() for row in range(4)]
    assert list(map(sorted, chosen)) == [[0, 1], [0, 1], [1, 2], [0, 1]]
    # Used in type 0: 0 (twice), 1 (three times), 2 (once); in type 1: 0 and 1 (once each).
    found = head.diagnostics(maps, near, head.label(maps, near))
    assert found["anchors/shared_share"] == pytest.approx(2 / 5)
    alone = near[torch.tensor([0, 3])]
    assert head.diagnostics(maps, alone, head.label(maps, alone))["anchors/shared_share"] == 0


def test_displacement_is_the_mean_distance_in_pixels():
    head = make_head(FixedAnchorAssigner(1))
    targets = make_targets((1.0, 0.5, 0, 0), (7.5, 4.5, 0, 1))
    maps = random_maps(3)
    found = head.diagnostics(maps, targets, head.label(maps, targets))
    assert found["anchors/displacement_px"] == pytest.approx(STRIDE * (0.5 + 2.0) / 2)
    nobody = targets[:0]
    assert head.diagnostics(maps, nobody, head.label(maps, nobody)) == {}


def test_adaptive_anchors_are_those_of_the_assigner():
    assigner = AdaAnchorAssigner(4, sigma=2.0)
    maps, targets = random_maps(4), make_targets((2.2, 1.4, 0, 1), (4.9, 3.3, 1, 0))
    found = make_head(assigner).label(maps, targets)
    assert torch.equal(found.anchor_index, assigner(maps, targets).anchor_index)
    assert found.shared.shape == (2, 4) and not found.shared.any()
