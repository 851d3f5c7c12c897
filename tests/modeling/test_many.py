"""Several targets a type, against plain loops and on maps made by a rule."""

import math

import pytest
import torch
from detectron2.layers import ShapeSpec
from helpers.brute_force import bilinear

from adaanchor_d2.modeling.anchors import AnchorMaps, FixedAnchorAssigner, KeypointTargets
from adaanchor_d2.modeling.anchors.geometry import candidate_xy
from adaanchor_d2.modeling.decoders import locate_many_anchor, locate_many_heatmap
from adaanchor_d2.modeling.heads import AnchorHead, HeatmapHead

STRIDE = 4


def random_maps(seed, batch=2, types=3, height=9, width=7, local=True):
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    return AnchorMaps(
        # Few different values, so that there are ties.
        (normal(batch, types, height, width) * 4).round() / 4 - 1,
        normal(batch, types, 2, height, width) * 2,
        normal(batch, types, 2, height, width) if local else None,
    )


def found_in(located, image, kind):
    """Rows x, y, score, anchor x, anchor y of the valid results of one map."""
    valid = located.valid[image, kind]
    assert not valid[1:].logical_and(~valid[:-1]).any(), "valid results come first"
    assert (located.score[image, kind][~valid] == 0).all()
    assert located.xy.isfinite().all() and located.anchor_xy.isfinite().all()
    columns = (located.xy, located.score[..., None], located.anchor_xy)
    return torch.cat([column[image, kind][valid] for column in columns], dim=1)


def plain_anchor(logits, offsets, local, gamma, max_candidates, radius):
    candidates = []
    for row in range(logits.shape[0]):
        for column in range(logits.shape[1]):
            score = 1 / (1 + math.exp(-logits[row, column]))
            x = column + 0.5 + offsets[0, row, column]
            y = row + 0.5 + offsets[1, row, column]
            if local is not None:
                x, y = x + bilinear(local[0], x, y), y + bilinear(local[1], x, y)
            if score >= gamma:
                candidates.append((x, y, score, column + 0.5, row + 0.5))
    kept = []
    for candidate in sorted(candidates, key=lambda c: -c[2]):
        near = (math.hypot(candidate[0] - k[0], candidate[1] - k[1]) <= radius for k in kept)
        if len(kept) < max_candidates and not any(near):
            kept.append(candidate)
    scale = torch.tensor([STRIDE, STRIDE, 1.0, STRIDE, STRIDE], dtype=torch.float64)
    return torch.tensor(kept, dtype=torch.float64).view(-1, 5) * scale


@pytest.mark.parametrize("local", [True, False])
@pytest.mark.parametrize(("gamma", "count"), [(0.1, 30), (0.1, 3), (0.6, 30), (0.0, 100)])
def test_anchors_equal_plain_loops(gamma, count, local):
    maps = random_maps(0, local=local)
    located = locate_many_anchor(maps, STRIDE, 0.5, gamma, count, radius=1.5)
    assert located.xy.shape == (2, 3, count, 2)
    for image in range(2):
        for kind in range(3):
            expected = plain_anchor(
                maps.confidence_logits[image, kind].numpy(),
                maps.offsets[image, kind].numpy(),
                maps.local_offsets[image, kind].numpy() if local else None,
                gamma,
                count,
                radius=1.5,
            )
            torch.testing.assert_close(found_in(located, image, kind), expected)


def plain_heatmap(heatmap, gamma, max_candidates):
    height, width = heatmap.shape
    peaks = []
    for row in range(height):
        for column in range(width):
            value, index = heatmap[row, column], row * width + column
            near = [
                (heatmap[r, c], r * width + c)
                for r in range(max(row - 1, 0), min(row + 2, height))
                for c in range(max(column - 1, 0), min(column + 2, width))
                if (r, c) != (row, column)
            ]
            if value >= gamma and all(v < value or (v == value and i > index) for v, i in near):
                dx = dy = 0.0
                if 0 < row < height - 1 and 0 < column < width - 1:
                    dx = torch.sign(heatmap[row, column + 1] - heatmap[row, column - 1]) / 4
                    dy = torch.sign(heatmap[row + 1, column] - heatmap[row - 1, column]) / 4
                x, y = (column + 0.5) * STRIDE, (row + 0.5) * STRIDE
                score = value.clamp(0, 1)
                peaks.append((value, (x + dx * STRIDE, y + dy * STRIDE, score, x, y)))
    peaks.sort(key=lambda peak: -peak[0])
    return torch.tensor([peak for _, peak in peaks[:max_candidates]]).view(-1, 5)


@pytest.mark.parametrize(("gamma", "count"), [(0.1, 30), (0.1, 2), (0.9, 30), (2.0, 4)])
@pytest.mark.parametrize("size", [(9, 7), (1, 5), (5, 1), (1, 1), (2, 2)])
def test_heatmaps_equal_plain_loops(gamma, count, size):
    generator = torch.Generator().manual_seed(1)
    heatmaps = torch.randint(-1, 6, (2, 3, *size), generator=generator) / 4
    located = locate_many_heatmap(heatmaps, STRIDE, 0.5, gamma, count)
    for image in range(2):
        for kind in range(3):
            expected = plain_heatmap(heatmaps[image, kind], gamma, count)
            torch.testing.assert_close(found_in(located, image, kind), expected)


def maps_of_people(xy, seed, size=32, noise=0.3):
    """One map: the 20 candidates nearest to each target are confident and point at it."""
    generator = torch.Generator().manual_seed(seed)
    maps = AnchorMaps(
        torch.full((1, 1, size, size), -5.0),
        torch.randn(1, 1, 2, size, size, generator=generator) * noise,
    )
    targets = KeypointTargets(xy, *torch.zeros(2, len(xy), dtype=torch.long))
    target, index = FixedAnchorAssigner(20)(maps, targets).positives()
    confidence = 1.5 + torch.randn(len(index), generator=generator)
    maps.confidence_logits[0, 0].view(-1)[index] = confidence
    away = xy[target] - candidate_xy(size, size, like=xy)[index]
    maps.offsets[0, 0].flatten(1)[:, index] += away.T
    return maps


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("apart", [None, 3.0, 4.5, 6.0])
def test_one_result_for_every_target(apart, seed):
    """20 positives of one person give one keypoint; two people 3 strides apart keep two."""
    generator = torch.Generator().manual_seed(seed)
    xy = torch.rand(1, 2, generator=generator) * 8 + 12
    if apart is not None:
        angle = torch.rand((), generator=generator) * 2 * math.pi
        xy = torch.cat((xy, xy + apart * torch.stack((angle.cos(), angle.sin()))))
    located = locate_many_anchor(maps_of_people(xy, seed), STRIDE, 0.5, 0.1, 30)
    found = found_in(located, 0, 0)[:, :2]
    assert len(found) == len(xy)
    distance = torch.cdist(xy * STRIDE, found)
    assert (distance.min(dim=1).values < 1.2 * STRIDE).all()
    assert len(set(distance.argmin(dim=1).tolist())) == len(xy)


def test_nothing_reaches_gamma():
    maps = random_maps(2)
    for gamma in (0.99999, 1.5):
        located = locate_many_anchor(maps, STRIDE, 0.5, gamma, 5)
        assert located.xy.shape == (2, 3, 5, 2) and not located.valid.any()
        assert located.score.sum() == 0 and located.xy.isfinite().all()
    located = locate_many_heatmap(torch.zeros(1, 2, 4, 4), STRIDE, 0.5, 0.1, 5)
    assert located.xy.shape == (1, 2, 5, 2) and not located.valid.any()


def test_a_higher_gamma_keeps_what_reaches_it():
    """So several gamma can be had from one call."""
    maps = random_maps(3)
    low = locate_many_anchor(maps, STRIDE, 0.5, 0.1, 30)
    high = locate_many_anchor(maps, STRIDE, 0.5, 0.5, 30)
    assert high.valid.any() and (low.valid & ~high.valid).any()
    assert torch.equal(high.valid, low.valid & (low.score >= 0.5))
    assert torch.equal(high.xy[high.valid], low.xy[high.valid])


def test_images_do_not_touch_each_other():
    maps = random_maps(4, batch=3)
    together = locate_many_anchor(maps, STRIDE, 0.5, 0.3, 9)
    for image in range(3):
        part = slice(image, image + 1)
        alone = locate_many_anchor(
            AnchorMaps(maps.confidence_logits[part], maps.offsets[part], maps.local_offsets[part]),
            STRIDE,
            0.5,
            0.3,
            9,
        )
        assert torch.equal(together.valid[part], alone.valid)
        assert torch.equal(together.xy[part][alone.valid], alone.xy[alone.valid])


@pytest.mark.parametrize("place", [0.0, 0.5])
@pytest.mark.parametrize("rule", ["anchor", "heatmap"])
def test_heads_find_their_peak_first_and_locate_given_candidates(rule, place):
    """Of several targets the first is that of ``inference``; the grid's place is the weights'."""
    torch.manual_seed(5)
    shape = ShapeSpec(channels=3, stride=STRIDE)
    if rule == "anchor":
        rule_options = {"assigner": FixedAnchorAssigner(), "prior_prob": 0.5}
        head = AnchorHead(input_shape=shape, num_keypoints=2, place=place, **rule_options)
    else:
        head = HeatmapHead(input_shape=shape, num_keypoints=2, place=place)
    torch.nn.init.normal_(head.predictor.weight)
    maps = head.predict(torch.randn(2, 3, 6, 5))  # with gradient, as after a careless caller
    many, one = head.inference_many(maps, 0.05, 4), head.inference(maps)
    assert many.valid[:, :, 0].all()
    for name in ("xy", "score", "anchor_xy"):
        torch.testing.assert_close(getattr(many, name)[:, :, :1], getattr(one, name))
    cell = (many.anchor_xy / STRIDE - place).round().long()
    index = torch.where(many.valid, cell[..., 1] * 5 + cell[..., 0], -1)
    given = head.locate(maps, index)
    assert torch.equal(given.valid, many.valid)
    torch.testing.assert_close(given.score, many.score)
    torch.testing.assert_close(given.xy[given.valid], many.xy[many.valid])
    confidence = head.confidence(maps).flatten(2).gather(2, index.clamp(min=0))
    torch.testing.assert_close(confidence[many.valid], many.score[many.valid])
    assert torch.allclose(many.anchor_xy / STRIDE % 1, torch.tensor(place))
